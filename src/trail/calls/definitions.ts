import type { JsonValue } from "../../base/json.ts";
import type { AuditEvent, EventDraft } from "../../event/event.ts";
import { definitionDigest } from "../../event/fingerprint.ts";
import { surroundings } from "../../event/surroundings.ts";
import type { Store } from "../../store/store.ts";

/** What a model is told of a tool. Everything in it counts: a changed description is a changed tool. */
export interface ToolDefinition {
  readonly name: string;
  readonly [member: string]: unknown;
}

export interface DefinedTools {
  /** Where the tools are from: an MCP server, a package. Definitions are compared within it. */
  source: string;
  tools: readonly ToolDefinition[];
}

/** Names, by what became of their definitions since they were last told. */
export interface Definitions {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
}

export const DEFINITION_EVENTS = { defined: "tool.defined", changed: "tool.definition_changed" } as const;

interface Ground {
  record(draft: EventDraft): string;
  flush(): Promise<unknown>;
  open(): Promise<Store>;
  readonly tenant: string;
}

/**
 * Tells the trail which tools there are. A definition that is new is an event, one that differs from
 * what was told before is a warning with both digests, and one that is the same is nothing.
 */
export async function defineTools(ground: Ground, { source, tools }: DefinedTools): Promise<Definitions> {
  await ground.flush();
  const store = await ground.open();
  const told = { added: [] as string[], changed: [] as string[], unchanged: [] as string[] };
  for (const tool of tools) {
    const definition = JSON.parse(JSON.stringify(tool)) as JsonValue;
    const digest = definitionDigest(definition);
    const before = await lastTold(store, surroundings().tenant ?? ground.tenant, source, tool.name);
    const known = before?.data.definition_digest ?? null;
    if (known === digest) {
      told.unchanged.push(tool.name);
      continue;
    }
    told[known === null ? "added" : "changed"].push(tool.name);
    ground.record({
      ...surroundings(),
      type: known === null ? DEFINITION_EVENTS.defined : DEFINITION_EVENTS.changed,
      category: "config",
      severity: known === null ? "INFO" : "WARN",
      tool: tool.name,
      source,
      parentId: before?.id ?? null,
      summary:
        known === null ? `${tool.name} is defined by ${source}` : `${source} changed what ${tool.name} is`,
      data: { definition, definition_digest: digest, ...(known === null ? {} : { before: known }) },
    });
  }
  return told;
}

async function lastTold(
  store: Store,
  tenant: string,
  source: string,
  tool: string,
): Promise<AuditEvent | null> {
  const { events } = await store.list({
    tenant,
    where: [
      { op: "any", field: "event_type", values: Object.values(DEFINITION_EVENTS) },
      { op: "any", field: "tool", values: [tool] },
      { op: "any", field: "source", values: [source] },
    ],
    order: "seq",
    direction: "desc",
    limit: 1,
    scanMax: Number.MAX_SAFE_INTEGER,
  });
  return events[0] ?? null;
}
