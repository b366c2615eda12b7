import { parseMicros } from "../../base/clock.ts";
import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import type { WireDraft } from "../../event/wire.ts";
import { providerUsage, rawUsage } from "../provider-usage.ts";
import { type Told, toldDrafts, toldId } from "../told.ts";
import { countOf, firstName, isDenied, oneLine } from "../values.ts";
import { broken, dropped, type Importer, imported, importId, type Read, scopeOfId } from "./importer.ts";

type Line = Record<string, unknown>;
type Block = Record<string, unknown>;

const FROM = "claude";
const DOOR = "import claude";

/** What a message has said so far: each of its blocks is a line of its own, with the usage repeated. */
interface Message {
  readonly line: Line;
  readonly id: string;
  readonly blocks: JsonValue[];
  message: Record<string, unknown>;
}

/**
 * A transcript of Claude Code: `$CLAUDE_CONFIG_DIR/projects/<folder>/<session>.jsonl`, and of its sub-agents
 * `<session>/subagents/agent-<id>.jsonl`. Prompts, calls with their results and refusals, model messages
 * with their tokens counted once, compactions, sub-agents. The format is not versioned; kinds of lines that
 * are not known are left out. Source: a recording of 2.1 (test/samples/claude-code/transcripts).
 */
export function claudeImporter(): Importer {
  const transcript = new Transcript();
  return {
    read: (record) => transcript.read(record),
    end: () => transcript.end(),
  };
}

class Transcript {
  readonly #calls = new Map<string, Told>();
  readonly #agents = new Map<string, Told>();
  #message: Message | null = null;

  read(record: JsonValue): Read {
    if (!isObject(record)) return broken("line", "must be a JSON object");
    const { type, timestamp, sessionId } = record;
    if (typeof type !== "string") return broken("type", "must be text");
    if (type !== "user" && type !== "assistant" && type !== "system") return dropped("no activity");
    if (typeof sessionId !== "string" || sessionId === "") return broken("sessionId", "must be text");
    if (typeof timestamp !== "string" || parseMicros(timestamp) === undefined)
      return broken("timestamp", "must be an RFC 3339 time");
    const drafts = [...this.#agentStart(record), ...this.#drafts(type, record)];
    return drafts.length === 0 ? dropped("no activity") : { drafts: imported(FROM, drafts) };
  }

  end(): WireDraft[] {
    const ends = [...this.#agents.values()].flatMap((agent) => ended({ ...agent, hasEnded: true }));
    return imported(FROM, [...this.#closeMessage(), ...ends]);
  }

  #drafts(type: "user" | "assistant" | "system", line: Line): EventDraft[] {
    if (type === "assistant") return this.#assistant(line);
    const before = this.#closeMessage();
    return [...before, ...(type === "user" ? this.#user(line) : system(line))];
  }

  #assistant(line: Line): EventDraft[] {
    const { message } = line;
    if (!isObject(message)) return [];
    const id = firstName(message, ["id"]) ?? String(line.uuid);
    const before = this.#message?.id === id ? [] : this.#closeMessage();
    const blocks = blocksOf(message);
    this.#message ??= { line, id, blocks: [], message };
    this.#message.message = message;
    this.#message.blocks.push(...(blocks as JsonValue[]));
    return [...before, ...blocks.filter(isToolUse).flatMap((block) => this.#call(line, block))];
  }

  /** A message is over where something else begins; its last line has the whole count. */
  #closeMessage(): EventDraft[] {
    const said = this.#message;
    this.#message = null;
    if (said === null || said.message.model === "<synthetic>") return [];
    const usage = rawUsage(said.message.usage);
    return ended({
      ...base(said.line, said.id),
      start: undefined,
      operation: "llm",
      name: `${firstName(said.message, ["model"]) ?? "model"}: answered`,
      hasEnded: true,
      status: "ok",
      model: firstName(said.message, ["model"]),
      usage: providerUsage(usage),
      endData: {
        output: said.blocks,
        ...(usage === undefined ? {} : { usage }),
        ...pick(said.message, { stop_reason: "finish_reason" }),
        ...pick(said.line, { requestId: "request_id" }),
      },
    });
  }

  #call(line: Line, block: Block): EventDraft[] {
    const told: Told = {
      ...base(line, String(block.id)),
      operation: "tool",
      name: String(block.name),
      hasEnded: false,
      status: "ok",
      call: {
        tool: String(block.name),
        id: String(block.id),
        args: block.input as JsonValue | undefined,
        result: undefined,
        server: firstName(line, ["attributionMcpServer"]),
      },
    };
    this.#calls.set(String(block.id), told);
    return toldDrafts(told);
  }

  #user(line: Line): EventDraft[] {
    const { message } = line;
    if (!isObject(message)) return [];
    const blocks = blocksOf(message);
    const results = blocks.filter((block) => block.type === "tool_result");
    if (results.length > 0) return results.flatMap((block) => this.#result(line, block));
    const text = textOf(blocks);
    const isPeoples =
      line.isMeta !== true && line.promptSource !== "system" && line.isCompactSummary !== true;
    if (!isPeoples || text === "" || line.isSidechain === true) return [];
    const prompt = { ...commonOf(line), type: "session.prompt", category: "session", status: "ok" };
    return [{ ...prompt, id: idOf(line, "prompt"), summary: oneLine(text), data: { text } }];
  }

  #result(line: Line, block: Block): EventDraft[] {
    const id = String(block.tool_use_id);
    const begun = this.#calls.get(id);
    const result = block.content as JsonValue | undefined;
    const said = textOf(blocksOf({ content: result }));
    const status = statusOf(line, block);
    const tool = begun?.call?.tool ?? "unknown";
    const told: Told = {
      ...(begun ?? { ...base(line, id), operation: "tool", name: tool }),
      end: timeOf(line),
      hasEnded: true,
      status,
      error: status === "ok" ? undefined : said || status,
      call: { tool, id, args: begun?.call?.args, server: begun?.call?.server, result },
      endData: pick(line, { permissionDecision: "permission_decision" }),
    };
    this.#calls.delete(id);
    return begun === undefined ? toldDrafts(told) : ended(told);
  }

  /** A sub-agent has a file of its own, or lines of its own; it begins with the first and ends with the last. */
  #agentStart(line: Line): EventDraft[] {
    const id = firstName(line, ["agentId"]);
    if (id === undefined || line.isSidechain !== true) return [];
    const known = this.#agents.get(id);
    if (known !== undefined) {
      this.#agents.set(id, { ...known, end: timeOf(line) });
      return [];
    }
    const name = firstName(line, ["attributionAgent"]) ?? "sub-agent";
    const told: Told = {
      ...base(line, agentName(id)),
      common: { ...commonOf(line), parentId: null },
      operation: "agent",
      name,
      hasEnded: false,
      status: "ok",
    };
    this.#agents.set(id, told);
    return toldDrafts(told);
  }
}

function base(line: Line, id: string): Omit<Told, "operation" | "name" | "hasEnded" | "status"> {
  return {
    door: DOOR,
    trace: scopeOfId(id, String(line.sessionId)),
    id,
    // A sub-agent's id may be one of a kind where its call's is not: the common fields name it.
    parent: undefined,
    start: timeOf(line),
    end: timeOf(line),
    data: {},
    common: commonOf(line),
  };
}

function agentName(agent: string): string {
  return `agent ${agent}`;
}

function agentEvent(agent: string, session: string): string {
  const id = agentName(agent);
  return toldId({ door: DOOR, trace: scopeOfId(id, session), id });
}

/** Only the end: the start was told when it was read. */
function ended(told: Told): EventDraft[] {
  return toldDrafts(told).filter(({ phase }) => phase !== "started");
}

function commonOf(line: Line): Partial<EventDraft> {
  const agent = firstName(line, ["agentId"]);
  const session = String(line.sessionId);
  return {
    source: "transcript",
    app: "claude-code",
    agent: firstName(line, ["attributionAgent"]) ?? "claude-code",
    conversationId: session,
    runId: agent ?? firstName(line, ["promptId"]) ?? session,
    parentId: agent === undefined ? null : agentEvent(agent, session),
    occurredAt: timeOf(line) ?? null,
  };
}

function idOf(line: Line, kind: string): string {
  return importId(FROM, [kind, String(line.sessionId), String(line.uuid)], timeOf(line));
}

function timeOf({ timestamp }: Line): number | undefined {
  return typeof timestamp === "string" ? parseMicros(timestamp) : undefined;
}

function blocksOf({ content }: Record<string, unknown>): Block[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return Array.isArray(content) ? content.filter(isObject) : [];
}

function isToolUse(block: Block): boolean {
  return block.type === "tool_use" && typeof block.id === "string" && typeof block.name === "string";
}

function textOf(blocks: readonly Block[]): string {
  return blocks.flatMap(({ text }) => (typeof text === "string" ? [text] : [])).join("\n");
}

/** A refusal is said by the decision, or in the words for the model. */
function statusOf(line: Line, block: Block): "ok" | "error" | "denied" {
  const { permissionDecision, toolDenialKind } = line;
  const decision = isObject(permissionDecision) ? firstName(permissionDecision, ["decision"]) : undefined;
  if (isDenied(decision) || typeof toolDenialKind === "string") return "denied";
  if (block.is_error !== true) return "ok";
  const said = textOf(blocksOf({ content: block.content }));
  return /^(?:The user doesn't want|Permission to use|Claude requested permissions)/.test(said)
    ? "denied"
    : "error";
}

function system(line: Line): EventDraft[] {
  if (line.subtype !== "compact_boundary") return [];
  const metadata = isObject(line.compactMetadata) ? (line.compactMetadata as JsonObject) : {};
  const tokens = countOf(metadata, ["preTokens"]);
  return [
    {
      ...commonOf(line),
      id: idOf(line, "compact"),
      type: "context.compacted",
      category: "session",
      status: "ok",
      summary: tokens === undefined ? "context was compacted" : `context of ${tokens} tokens was compacted`,
      data: metadata,
    },
  ];
}

/** Members under other names, where they say something. */
function pick(record: Record<string, unknown>, names: Readonly<Record<string, string>>): JsonObject {
  const data: JsonObject = {};
  for (const [from, to] of Object.entries(names)) {
    const value = record[from];
    if (value !== undefined && value !== null) data[to] = value as JsonValue;
  }
  return data;
}
