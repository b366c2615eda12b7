import { parseMicros } from "../../base/clock.ts";
import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import type { WireDraft } from "../../event/wire.ts";
import { exitCodeIn, isRefusal } from "../exit-code.ts";
import { providerUsage, rawUsage } from "../provider-usage.ts";
import { type Told, toldDrafts } from "../told.ts";
import { countOf, firstName, firstText, oneLine, structured } from "../values.ts";
import { broken, dropped, type Importer, imported, importId, type Read, scopeOfId } from "./importer.ts";

type Payload = Record<string, unknown>;

const FROM = "codex";
const REFUSED = /^(?:exec command rejected|.*\brejected by (?:the )?user\b|patch rejected)/i;

/** How a command ended, told beside the answer to the model. */
interface Ended {
  readonly exitCode: number | undefined;
  readonly durationMs: number | undefined;
  readonly isDeclined?: boolean;
}

/**
 * A rollout of Codex: `~/.codex/sessions/Y/M/D/rollout-*.jsonl`. Prompts, calls with their outputs, tokens
 * by the last request's count (the running total repeats it), compactions and errors. A sub-agent has a file of
 * its own, which names the session in which it began. Since 0.16x, turns are told by their items, and each
 * request's tokens by a record. Sources: openai/codex `codex-rs/protocol/src/protocol.rs` (`RolloutItem`,
 * `EventMsg`) and `models.rs` (`ResponseItem`); the recordings of 0.130 to 0.171 (test/samples).
 */
export function codexImporter(): Importer {
  const rollout = new Rollout();
  return {
    read: (record) => rollout.read(record),
    end: (): WireDraft[] => imported(FROM, rollout.end()),
  };
}

class Rollout {
  readonly #calls = new Map<string, Told>();
  readonly #ends = new Map<string, Ended>();
  #session = "";
  /** Its own id, where it is a sub-agent's. */
  #agent: string | undefined;
  #agentName: string | undefined;
  #lastAt = 0;
  #countsByRecord = false;
  #prompted: string | undefined;
  #model: string | undefined;
  #turn: string | undefined;
  #counted = "";
  #said: JsonValue[] = [];
  #number = 0;

  read(record: JsonValue): Read {
    this.#number++;
    if (!isObject(record)) return broken("line", "must be a JSON object");
    const { type, payload, timestamp } = record;
    // The first form, of 2025: items without an envelope, and a head without a type.
    if (payload === undefined) return this.#bare(record);
    if (typeof type !== "string") return broken("type", "must be text");
    if (!isObject(payload)) return broken("payload", "must be an object");
    const at = typeof timestamp === "string" ? parseMicros(timestamp) : undefined;
    if (at === undefined) return broken("timestamp", "must be an RFC 3339 time");
    this.#lastAt = at;
    if (type === "session_meta") return this.#took(this.#begin(payload, at));
    if (this.#session === "") return broken("session_meta", "must come before everything else");
    if (type === "turn_context") {
      this.#model = firstName(payload, ["model"]) ?? this.#model;
      this.#turn = firstName(payload, ["turn_id"]) ?? this.#turn;
      return dropped("no activity");
    }
    if (type === "response_item") return this.#took(this.#item(payload, at));
    if (type === "event_msg") return this.#took(this.#event(payload, at));
    if (type === "token_usage_record") {
      this.#countsByRecord = true;
      const { usage, thread_token_usage: total } = payload;
      return this.#took(this.#tokens({ last_token_usage: usage, total_token_usage: total }, at));
    }
    if (type === "compacted")
      return this.#took([this.#plain("context.compacted", "context was compacted", at, {})]);
    return dropped("no activity");
  }

  #bare(record: Payload): Read {
    if (this.#session === "" && typeof record.id === "string" && typeof record.timestamp === "string")
      return this.#took(this.#begin(record, parseMicros(record.timestamp) ?? 0));
    if (typeof record.type !== "string" || this.#session === "") return dropped("no activity");
    return this.#took(this.#item(record, undefined));
  }

  #took(drafts: readonly EventDraft[]): Read {
    return drafts.length === 0 ? dropped("no activity") : { drafts: imported(FROM, drafts) };
  }

  #begin(meta: Payload, at: number): EventDraft[] {
    // A resumed session names its beginning again.
    const own = firstName(meta, ["id", "session_id"]) ?? "";
    if (own === "" || this.#session !== "") return [];
    const parent = firstName(meta, ["parent_thread_id"]) ?? parentIn(meta.source);
    this.#session = parent === undefined ? own : (firstName(meta, ["session_id"]) ?? parent);
    this.#model = firstName(meta, ["model"]);
    const { instructions: _long, base_instructions: _longer, ...rest } = meta;
    if (parent === undefined) return [this.#plain("session.start", "session began", at, rest as JsonObject)];
    this.#agent = own;
    this.#agentName = firstName(meta, ["agent_nickname", "agent_role"]) ?? nameIn(meta.source);
    return [this.#agentRun("started", at, rest as JsonObject)];
  }

  /** A sub-agent's file ends where it ended. */
  end(): EventDraft[] {
    return this.#agent === undefined ? [] : [this.#agentRun("completed", this.#lastAt, {})];
  }

  #agentRun(phase: "started" | "completed", at: number, data: JsonObject): EventDraft {
    const own = this.#agent ?? "";
    const startId = importId(FROM, ["agent", own]);
    const isEnd = phase === "completed";
    return {
      ...this.#common(at),
      id: isEnd ? importId(FROM, ["agent ended", own], at) : startId,
      startId: isEnd ? startId : null,
      parentId: null,
      type: "agent.run",
      category: "run",
      phase,
      status: isEnd ? "ok" : "pending",
      summary: isEnd ? "sub-agent ended" : "sub-agent starts",
      data,
    };
  }

  #common(at: number | undefined): Partial<EventDraft> {
    return {
      source: "transcript",
      app: "codex",
      agent: this.#agentName ?? "codex",
      conversationId: this.#session,
      runId: this.#agent ?? this.#turn ?? this.#session,
      parentId: this.#agent === undefined ? null : importId(FROM, ["agent", this.#agent]),
      model: this.#model ?? null,
      occurredAt: at ?? null,
    };
  }

  #plain(type: string, summary: string, at: number, data: JsonObject): EventDraft {
    const id = importId(FROM, [type, this.#agent ?? this.#session, String(this.#number)], at);
    return { ...this.#common(at), id, type, category: "session", status: "ok", summary, data };
  }

  #item(item: Payload, at: number | undefined): EventDraft[] {
    switch (item.type) {
      case "message":
        if (item.role === "assistant") this.#said.push(item.content as JsonValue);
        return [];
      case "function_call":
      case "custom_tool_call":
      case "local_shell_call":
        return this.#call(item, at);
      case "function_call_output":
      case "custom_tool_call_output":
        return this.#output(item, at);
      case "web_search_call":
        return this.#search(item, at);
      default:
        return [];
    }
  }

  #base(id: string, at: number | undefined) {
    return {
      door: "import codex",
      trace: scopeOfId(id, this.#agent ?? this.#session),
      id,
      parent: undefined,
      start: at,
      end: at,
      status: "ok" as const,
      data: {},
      common: this.#common(at),
    };
  }

  #told(item: Payload, id: string, tool: string, args: JsonValue | undefined, at: number | undefined): Told {
    const server = firstName(item, ["namespace"]);
    const call = { tool, id, args, result: undefined, server };
    return { ...this.#base(id, at), operation: "tool", name: tool, hasEnded: false, call };
  }

  #call(item: Payload, at: number | undefined): EventDraft[] {
    const id = firstName(item, ["call_id", "id"]);
    if (id === undefined) return [];
    const tool = firstName(item, ["name"]) ?? (item.type === "local_shell_call" ? "local_shell" : "unknown");
    const args = structured((item.arguments ?? item.input ?? item.action) as JsonValue | undefined);
    const told = this.#told(item, id, tool, args, at);
    this.#calls.set(id, told);
    return toldDrafts(told);
  }

  #output(item: Payload, at: number | undefined): EventDraft[] {
    const id = firstName(item, ["call_id"]);
    if (id === undefined) return [];
    const begun = this.#calls.get(id);
    const result = structured(item.output as JsonValue | undefined);
    const { status, error } = outcomeOf(result, this.#ends.get(id));
    this.#calls.delete(id);
    const told = begun ?? this.#told(item, id, firstName(item, ["name"]) ?? "unknown", undefined, at);
    const call = { tool: told.name, id, args: told.call?.args, result, server: told.call?.server };
    const [start, end] = toldDrafts({ ...told, end: at, hasEnded: true, status, error, call });
    if (start === undefined || end === undefined) return [];
    const durationMs = this.#ends.get(id)?.durationMs ?? end.durationMs ?? null;
    return begun === undefined ? [start, { ...end, durationMs }] : [{ ...end, durationMs }];
  }

  /** The provider ran it: one line tells it all. */
  #search(item: Payload, at: number | undefined): EventDraft[] {
    const id = firstName(item, ["id"]) ?? `search ${this.#session} ${this.#number}`;
    const told = this.#told(item, id, "web_search", structured(item.action as JsonValue), at);
    return toldDrafts({
      ...told,
      start: undefined,
      hasEnded: true,
      status: item.status === "failed" ? "error" : "ok",
    });
  }

  #event(event: Payload, at: number): EventDraft[] {
    switch (event.type) {
      case "user_message":
        return this.#prompt(firstText(event, ["message"]) ?? "", at);
      case "item_completed":
        return isObject(event.item) ? this.#itemDone(event.item, at) : [];
      case "exec_command_end":
        this.#ended(event.call_id, event);
        return [];
      case "token_count":
        return this.#countsByRecord || !isObject(event.info) ? [] : this.#tokens(event.info, at);
      case "turn_aborted":
        return [this.#plain("session.stop", "turn was aborted", at, event as JsonObject)];
      case "error": {
        const error = firstText(event, ["message"]) ?? "failed";
        const draft = this.#plain("session.error", oneLine(error, 200), at, event as JsonObject);
        return [{ ...draft, status: "error", severity: "ERROR", error }];
      }
      default:
        return [];
    }
  }

  /** Versions that tell a prompt in two ways tell it twice in a row. */
  #prompt(text: string, at: number): EventDraft[] {
    const isRepeated = text === this.#prompted;
    this.#prompted = isRepeated ? undefined : text;
    return isRepeated ? [] : [this.#plain("session.prompt", oneLine(text), at, { text })];
  }

  #itemDone(item: Payload, at: number): EventDraft[] {
    if (item.type === "CommandExecution") this.#ended(item.id, item);
    if (item.type !== "UserMessage") return [];
    const parts = Array.isArray(item.content) ? item.content.filter(isObject) : [];
    const text = parts.map((part) => (typeof part.text === "string" ? part.text : "")).join("");
    return text === "" ? [] : this.#prompt(text, at);
  }

  #ended(callId: unknown, said: Payload): void {
    this.#prompted = undefined;
    this.#ends.set(String(callId), {
      exitCode: countOf(said, ["exit_code"]),
      durationMs: millisOf(said.duration),
      isDeclined: said.status === "declined",
    });
  }

  /** Each request counts once: a refresh of limits repeats the totals. */
  #tokens(info: Payload, at: number): EventDraft[] {
    const usage = rawUsage(info.last_token_usage);
    const total = JSON.stringify(info.total_token_usage ?? this.#number);
    if (usage === undefined || total === this.#counted) return [];
    this.#counted = total;
    const output = this.#said.splice(0);
    return toldDrafts({
      ...this.#base(`request ${this.#agent ?? this.#session} ${this.#number}`, at),
      start: undefined,
      operation: "llm",
      name: `${this.#model ?? "model"}: answered`,
      hasEnded: true,
      model: this.#model,
      usage: providerUsage(usage),
      endData: { usage, ...(output.length === 0 ? {} : { output }) },
    });
  }
}

/** Where a sub-agent's file says from where it came, before it had a field for that. */
function spawnIn(source: unknown): Payload {
  const spawned = isObject(source) && isObject(source.subagent) ? source.subagent : {};
  return isObject(spawned.thread_spawn) ? spawned.thread_spawn : {};
}

function parentIn(source: unknown): string | undefined {
  return firstName(spawnIn(source), ["parent_thread_id"]);
}

function nameIn(source: unknown): string | undefined {
  return firstName(spawnIn(source), ["agent_nickname", "agent_role"]);
}

function millisOf(duration: unknown): number | undefined {
  if (!isObject(duration)) return undefined;
  const { secs, nanos } = duration;
  return typeof secs === "number" && typeof nanos === "number"
    ? Math.round(secs * 1000 + nanos / 1e6)
    : undefined;
}

function outcomeOf(
  result: JsonValue | undefined,
  ended: Ended | undefined,
): { status: "ok" | "error" | "denied"; error?: string } {
  const text =
    typeof result === "string" ? result : isObject(result) ? firstText(result, ["output", "content"]) : "";
  if (ended?.isDeclined === true || isRefusal(text) || (text !== undefined && REFUSED.test(text)))
    return { status: "denied", error: oneLine(text ?? "declined", 500) };
  const code = ended?.exitCode ?? exitCodeIn(result) ?? exitCodeIn(text) ?? 0;
  if (code !== 0) return { status: "error", error: `exit code ${code}` };
  const failed = isObject(result) && result.success === false;
  return failed ? { status: "error", error: oneLine(text ?? "failed", 500) } : { status: "ok" };
}
