import type { JsonValue } from "../base/json.ts";
import type { ContentPart, Message } from "./content.ts";
import { invalid, type ThreadEvent, type ToolCallEvent, type ToolResultEvent } from "./thread-event.ts";

/** A call and its result, which are never separated. */
export interface ToolPair {
  readonly call: ToolCallEvent;
  readonly result: ToolResultEvent;
}

export interface UserTurn {
  readonly role: "user";
  readonly content: readonly ContentPart[];
}
export interface AssistantTurn {
  readonly role: "assistant";
  readonly content: readonly ContentPart[];
  readonly tools: readonly ToolPair[];
}
export type Turn = UserTurn | AssistantTurn;

/**
 * The turns of a conversation. A result is paired with its call and stands with the answer of the
 * assistant that made the call. Other kinds of events say nothing here. Throws `event.invalid` for a result
 * without a call or before any answer, for a call's id that is used twice, and, unless `lenient`, for
 * calls without a result; `lenient` leaves those out, as after a crash.
 */
export function groupTurns(events: readonly ThreadEvent[], { lenient = false } = {}): Turn[] {
  const turns: Array<UserTurn | (AssistantTurn & { tools: ToolPair[] })> = [];
  const calls = new Map<string, { call: ToolCallEvent; turn: { tools: ToolPair[] } | undefined }>();
  let answer: { tools: ToolPair[] } | undefined;
  const used = new Set<string>();
  for (const event of events) {
    if (event.kind === "user_message") {
      turns.push({ role: "user", content: contentOf(event) });
    } else if (event.kind === "assistant_message") {
      const turn = { role: "assistant" as const, content: contentOf(event), tools: [] };
      turns.push(turn);
      answer = turn;
    } else if (event.kind === "tool_call") {
      const call = event as ToolCallEvent;
      if (used.has(call.id)) throw invalid("events", `use the id ${call.id} for two tool calls`);
      used.add(call.id);
      calls.set(call.id, { call, turn: answer });
    } else if (event.kind === "tool_result") {
      const result = event as ToolResultEvent;
      const open = calls.get(result.tool_use_id);
      if (open === undefined)
        throw invalid("events", `have a tool_result for ${result.tool_use_id} with no matching tool_call`);
      const turn = open.turn ?? answer;
      if (turn === undefined) throw invalid("events", "have a tool_result before any assistant turn");
      calls.delete(result.tool_use_id);
      turn.tools.push({ call: open.call, result });
    }
  }
  if (calls.size > 0 && !lenient) {
    throw invalid(
      "events",
      `have ${calls.size} ToolCall(s) without matching ToolResult — pair invariant violated`,
    );
  }
  return turns;
}

function contentOf(event: ThreadEvent): readonly ContentPart[] {
  return (event as { content?: readonly ContentPart[] }).content ?? [];
}

/**
 * The newest whole turns whose cost fits into the budget: from the newest backwards, up to the first
 * one that does not fit.
 */
export function dropHead(turns: readonly Turn[], budget: number): Turn[] {
  let rest = budget;
  let first = turns.length;
  while (first > 0) {
    const cost = costOf(turns[first - 1] as Turn);
    if (cost > rest) break;
    rest -= cost;
    first--;
  }
  return turns.slice(first);
}

/** UTF-8 bytes of text and thinking, characters of media, and the JSON length of what tools took and gave. */
export function costOf(turn: Turn): number {
  const content = turn.content.reduce((sum, part) => sum + partCost(part), 0);
  if (turn.role === "user") return content;
  return turn.tools.reduce(
    (sum, { call, result }) => sum + jsonLength(call.input) + jsonLength(result.content),
    content,
  );
}

function partCost(part: ContentPart): number {
  switch (part.type) {
    case "text":
    case "thinking":
      return Buffer.byteLength(part.text);
    case "tool_use":
      return jsonLength(part.input);
    case "tool_result":
      return jsonLength(part.content);
    case "image":
    case "audio":
    case "video":
    case "document":
    case "image_output":
    case "audio_output":
      return part.source.kind === "base64" ? part.source.data.length : 0;
    default:
      return 0;
  }
}

function jsonLength(value: JsonValue): number {
  return typeof value === "string"
    ? Buffer.byteLength(value)
    : Buffer.byteLength(JSON.stringify(value) ?? "");
}

/** Turns as messages: an assistant's is followed by one message of a tool for each pair. */
export function toMessages(turns: readonly Turn[]): Message[] {
  return turns.flatMap((turn): Message[] => {
    if (turn.role === "user") return [{ role: "user", content: turn.content }];
    const results = turn.tools.map(({ result }): Message => {
      const { tool_use_id, name, content, is_error } = result;
      return { role: "tool", content: [{ type: "tool_result", tool_use_id, name, content, is_error }] };
    });
    return [{ role: "assistant", content: turn.content }, ...results];
  });
}

/**
 * Messages as events, all with one time. Messages of the system are left out; what an assistant wants
 * of a tool is a `tool_call` too. Throws `event.invalid` for a result without a call before it.
 */
export function messagesToEvents(messages: readonly Message[], timestamp: string): ThreadEvent[] {
  const events: ThreadEvent[] = [];
  const called = new Set<string>();
  for (const { role, content } of messages) {
    if (role === "user") events.push({ kind: "user_message", content, timestamp });
    if (role === "assistant") {
      events.push({ kind: "assistant_message", content, usage: null, timestamp });
      for (const part of content) {
        if (part.type !== "tool_use") continue;
        called.add(part.id);
        events.push({ kind: "tool_call", id: part.id, name: part.name, input: part.input, timestamp });
      }
    }
    if (role !== "tool") continue;
    for (const part of content) {
      if (part.type !== "tool_result") continue;
      const { tool_use_id, name, content: given, is_error } = part;
      if (!called.has(tool_use_id)) {
        throw invalid("messages", `have a tool_result for ${tool_use_id} with no matching tool_call`);
      }
      events.push({ kind: "tool_result", tool_use_id, name, content: given, is_error, timestamp });
    }
  }
  return events;
}
