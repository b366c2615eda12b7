import { addDecimals } from "../../base/decimal.ts";
import { TrailError } from "../../base/error.ts";
import type { JsonObject } from "../../base/json.ts";
import type { AuditEvent } from "../../event/event.ts";
import { microsOf } from "../../query/time.ts";
import type { Store } from "../../store/store.ts";
import { sortable } from "../../view/projection.ts";
import type { RowCondition, RowQuery } from "../../view/row-query.ts";
import { RUN_EVENTS } from "../../view/runs.ts";
import { readLog } from "../feed.ts";
import type { Run, RunFilter, RunLog, RunNode, RunTree } from "./run.ts";

export interface RunGround {
  open(): Promise<Store>;
  flush(): Promise<unknown>;
  readonly tenant: string;
}

interface Pick {
  offset?: number;
  /** 0 or less: all. */
  limit: number;
  direction?: "asc" | "desc";
}

const VIEW = "runs";
const PAGE_RUNS = 1_000;
const TREE_RUNS_MAX = 10_000;
const CHAIN_MAX = 1_000;
/** Sorts after every sort that begins with the same number. */
const BEHIND = "~";

/** The reading half of the run history. */
export class RunReader {
  readonly #ground: RunGround;

  constructor(ground: RunGround) {
    this.#ground = ground;
  }

  async find(id: string): Promise<Run | null> {
    const store = await this.#ground.open();
    const row = await store.row(this.#ground.tenant, VIEW, id);
    return row === null ? null : this.#toRun(store, row.doc);
  }

  async list(filter: RunFilter, pick: Pick): Promise<Run[]> {
    if (pick.limit > 0) return (await this.page(filter, pick)).runs;
    const runs: Run[] = [];
    for (;;) {
      const page = await this.page(filter, {
        ...pick,
        offset: (pick.offset ?? 0) + runs.length,
        limit: PAGE_RUNS,
      });
      runs.push(...page.runs);
      if (page.runs.length < PAGE_RUNS) return runs;
    }
  }

  /** One page, and how many match, at one moment. */
  async page(filter: RunFilter, pick: Pick): Promise<{ runs: Run[]; total: number }> {
    const { offset = 0, limit, direction = "desc" } = pick;
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new TrailError("query.invalid", "offset must be a whole number of at least 0.", {
        field: "offset",
      });
    }
    const store = await this.#ground.open();
    const query: RowQuery = {
      ...toRowQuery(filter, this.#ground.tenant),
      direction,
      offset,
      limit,
      total: true,
    };
    const { rows, total } = await store.rows(query);
    return { runs: await Promise.all(rows.map(({ doc }) => this.#toRun(store, doc))), total: total ?? 0 };
  }

  async logs(id: string): Promise<RunLog[]> {
    const bySequence = new Map<number, RunLog>();
    for await (const event of this.#told(id, [RUN_EVENTS.log])) {
      const { sequence, event_type: eventType, payload } = event.data;
      if (typeof sequence !== "number") continue;
      bySequence.set(sequence, {
        runId: id,
        sequence,
        eventType: typeof eventType === "string" ? eventType : "",
        payload: (payload ?? {}) as Record<string, unknown>,
        createdAt: event.occurredAt,
      });
    }
    return [...bySequence.values()].sort((a, b) => a.sequence - b.sequence);
  }

  async history(id: string): Promise<AuditEvent[]> {
    const events: AuditEvent[] = [];
    for await (const event of this.#told(id, Object.values(RUN_EVENTS))) events.push(event);
    return events;
  }

  #told(id: string, types: readonly string[]): AsyncGenerator<AuditEvent, void, undefined> {
    const where = [
      { op: "any" as const, field: "run_id" as const, values: [id] },
      { op: "any" as const, field: "event_type" as const, values: types },
    ];
    return readLog(() => this.#ground.open(), { tenant: this.#ground.tenant, where, after: 0 });
  }

  async chain(id: string): Promise<Run[]> {
    const chain: Run[] = [];
    const seen = new Set<string>();
    let next: string | null = id;
    while (next !== null && !seen.has(next) && chain.length < CHAIN_MAX) {
      seen.add(next);
      const run: Run | null = await this.find(next);
      if (run === null) break;
      chain.push(run);
      next = run.parentRunId;
    }
    return chain;
  }

  async tree(id: string): Promise<RunTree> {
    const run = await this.find(id);
    if (run === null) throw new TrailError("run.not_found", "skill run not found", { field: "run_id" });
    const root: RunNode = { run, children: [] };
    const seen = new Set([id]);
    let level = [root];
    let isCut = false;
    while (level.length > 0 && !isCut) {
      const below: RunNode[] = [];
      for (const node of level) {
        const children = await this.list(
          { parentRunId: node.run.id, includeDryRun: true },
          { limit: 0, direction: "asc" },
        );
        for (const child of children) {
          if (seen.has(child.id)) continue;
          isCut = seen.size >= TREE_RUNS_MAX;
          if (isCut) break;
          seen.add(child.id);
          const child1: RunNode = { run: child, children: [] };
          node.children.push(child1);
          below.push(child1);
        }
      }
      level = below;
    }
    return { root, totals: totalsOf(root), isCut };
  }

  async #toRun(store: Store, doc: JsonObject): Promise<Run> {
    const { tenant } = this.#ground;
    const inputs = doc.inputs === false ? await dataOf(store, tenant, doc.startId, "inputs") : doc.inputs;
    const output = doc.output === false ? await dataOf(store, tenant, doc.finishId, "output") : doc.output;
    return toRun(doc, inputs, output);
  }
}

async function dataOf(store: Store, tenant: string, id: unknown, member: string): Promise<unknown> {
  const event = typeof id === "string" ? await store.get(tenant, id) : null;
  return event?.data[member] ?? null;
}

function toRun(doc: JsonObject, inputs: unknown, output: unknown): Run {
  const text = (member: string): string | null => (typeof doc[member] === "string" ? doc[member] : null);
  const count = (member: string): number => (typeof doc[member] === "number" ? doc[member] : 0);
  const told = (member: string, seen: string): number => count(member) || count(seen);
  return {
    id: text("id") ?? "",
    environment: text("environment") ?? "",
    agent: text("agent"),
    threadId: text("thread"),
    skillId: text("skill"),
    callerId: text("caller"),
    channelId: text("channel"),
    parentRunId: text("parent"),
    inputs: (inputs ?? {}) as Record<string, unknown>,
    startedAt: count("startedAt"),
    finishedAt: typeof doc.finishedAt === "number" ? doc.finishedAt : null,
    status: text("status"),
    output:
      typeof output === "string"
        ? output
        : output === null || output === undefined
          ? null
          : JSON.stringify(output),
    error: text("error"),
    toolCallsCount: told("toolCalls", "calls"),
    runtimeSeconds: count("runtimeSeconds"),
    totalInputTokens: told("inputTokens", "seenInput"),
    totalOutputTokens: told("outputTokens", "seenOutput"),
    totalThinkingTokens: told("thinkingTokens", "seenThinking"),
    totalCachedTokens: count("seenCached"),
    costUsd: text("cost") ?? "0",
    begun: doc.begun === true,
    events: count("events"),
    failures: count("failures"),
    denials: count("denials"),
    firstSeq: count("firstSeq"),
    lastSeq: count("lastSeq"),
    lastEventAt: count("lastAt"),
  };
}

function toRowQuery(filter: RunFilter, tenant: string): Omit<RowQuery, "direction" | "limit"> {
  const members: Array<[member: string, value: string | undefined]> = [
    ["parent", filter.parentRunId],
    ["skill", filter.skillId],
    ["caller", filter.callerId],
    ["agent", filter.agent],
    ["thread", filter.threadId],
    ["status", filter.status],
    ["channel", filter.channelId],
    ["environment", filter.environment],
    ["begun", filter.begunOnly ? "true" : undefined],
  ];
  const given = members.filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== "");
  const listed = given.find(([member]) => ["parent", "skill", "caller", "agent", "thread"].includes(member));
  const where: RowCondition[] = given
    .filter((pair) => pair !== listed)
    .map(([member, value]) => ({ op: "any", member, values: [value] }));
  const hidden = [...(filter.notStatus ?? [])];
  if (filter.includeDryRun !== true && filter.status !== "dry_run") hidden.push("dry_run");
  if (hidden.length > 0) where.push({ op: "none", member: "status", values: hidden });
  if (filter.environments !== undefined) {
    where.push({ op: "any", member: "environment", values: filter.environments });
  }
  if (filter.topLevelOnly) where.push({ op: "absent", member: "parent" });
  if (filter.finishedBefore !== undefined) {
    where.push({ op: "range", member: "finishedAt", max: filter.finishedBefore - 1 });
  }
  if (filter.silentSince !== undefined)
    where.push({ op: "range", member: "lastAt", max: filter.silentSince });
  return {
    tenant,
    view: VIEW,
    group: listed === undefined ? "all" : `${listed[0]}=${listed[1]}`,
    ...(filter.since === undefined ? {} : { from: sortable(microsOf(filter.since, "since")) }),
    ...(filter.until === undefined ? {} : { to: sortable(microsOf(filter.until, "until")) + BEHIND }),
    where,
  };
}

function totalsOf(root: RunNode): RunTree["totals"] {
  const totals = {
    runs: 0,
    toolCalls: 0,
    failures: 0,
    inputTokens: 0,
    outputTokens: 0,
    thinkingTokens: 0,
    cachedTokens: 0,
    costUsd: "0",
  };
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const { run, children } = node;
    totals.runs++;
    totals.toolCalls += run.toolCallsCount;
    totals.failures += run.failures;
    totals.inputTokens += run.totalInputTokens;
    totals.outputTokens += run.totalOutputTokens;
    totals.thinkingTokens += run.totalThinkingTokens;
    totals.cachedTokens += run.totalCachedTokens;
    totals.costUsd = addDecimals(totals.costUsd, run.costUsd);
    stack.push(...children);
  }
  return totals;
}
