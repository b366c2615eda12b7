import { isObject, type JsonValue } from "../../base/json.ts";
import { messageIn } from "../../ingest/otlp/outcome.ts";
import { firstName, structured } from "../../ingest/values.ts";
import type { Place } from "../recorder.ts";

export type Payload = Readonly<Record<string, unknown>>;

export function payloadOf(value: unknown): Payload {
  return isObject(value) ? value : {};
}

/** Who, and in which conversation, by the metadata of a run. */
export function placeOf(metadata: Payload): Place {
  const place: Place = {};
  const user = firstName(metadata, ["user_id", "userId", "user_email"]);
  const conversation = firstName(metadata, ["session_id", "sessionId", "conversation_id"]);
  const thread = firstName(metadata, ["thread_id", "threadId"]);
  if (user !== undefined) place.actor = { type: "user", id: user };
  if (conversation !== undefined) place.conversationId = conversation;
  if (thread !== undefined) place.threadId = thread;
  return place;
}

/** Graphs and executors are agents; other chains are parts of one. */
export function isAgent(serialized: unknown): boolean {
  const { id } = payloadOf(serialized);
  const name = Array.isArray(id) ? String(id.at(-1)) : "";
  return /^(?:CompiledStateGraph|CompiledGraph|Pregel|AgentExecutor)$/.test(name);
}

/** LangGraph throws to go elsewhere: to the graph around it, or to a person. No such error is a failure. */
export function isSignal(error: unknown): boolean {
  return payloadOf(error).is_bubble_up === true;
}

/** What a tool gave: of a message its content, as the structure that it is the text of. */
export function resultOf(output: unknown): unknown {
  const message = messageIn(output as JsonValue);
  const content = message === undefined ? output : message.content;
  return typeof content === "string" ? structured(content) : content;
}

/** The arguments of a tool; a tool with one text takes it as it is. */
export function argsOf(input: unknown): unknown {
  const args = structured(input as JsonValue);
  const only = isObject(args) && Object.keys(args).length === 1 ? args.input : undefined;
  return typeof only === "string" ? structured(only) : args;
}

export interface Answer {
  readonly message: Payload;
  readonly text: unknown;
  readonly usage: unknown;
}

/** The message of the first generation, which is what an agent goes on with. */
export function answerOf(output: unknown): Answer {
  const { generations, llmOutput } = payloadOf(output);
  const first = Array.isArray(generations) ? [generations[0]].flat()[0] : undefined;
  const message = payloadOf(payloadOf(first).message);
  const total = payloadOf(llmOutput);
  return {
    message,
    text: message.content === "" ? undefined : (message.content ?? payloadOf(first).text),
    usage: message.usage_metadata ?? total.tokenUsage ?? total.token_usage ?? total.usage,
  };
}

export interface Wanted {
  readonly tool: string;
  readonly callId?: string | undefined;
  readonly args?: unknown;
}

/** The calls that a model asked for. */
export function wantedIn(message: Payload): Wanted[] {
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls.filter(isObject) : [];
  return calls.map(({ name, id, args }) => ({
    tool: String(name),
    callId: typeof id === "string" ? id : undefined,
    args,
  }));
}
