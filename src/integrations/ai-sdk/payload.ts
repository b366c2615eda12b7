import { isObject } from "../../base/json.ts";
import type { Usage } from "../../event/event.ts";
import { firstName } from "../../ingest/values.ts";
import type { Place } from "../recorder.ts";

/** What the SDK hands over; its shapes differ between versions, so each fact is looked for. */
export type Payload = Readonly<Record<string, unknown>>;

export function payloadOf(value: unknown): Payload {
  return isObject(value) ? value : {};
}

/** Whole tokens of the SDK's three ways of saying them: flat (5), with details (6, 7), by the provider (v3, v4). */
export function usageOf(value: unknown): Usage | undefined {
  const said = payloadOf(value);
  const input = payloadOf(said.inputTokens);
  const output = payloadOf(said.outputTokens);
  const counts = {
    input: said.inputTokens ?? said.promptTokens ?? said.tokens,
    output: said.outputTokens ?? said.completionTokens,
    thinking: said.reasoningTokens ?? payloadOf(said.outputTokenDetails).reasoningTokens ?? output.reasoning,
    cached: said.cachedInputTokens ?? payloadOf(said.inputTokenDetails).cacheReadTokens ?? input.cacheRead,
  };
  if (isObject(said.inputTokens)) counts.input = input.total;
  if (isObject(said.outputTokens)) counts.output = output.total;
  const usage: Usage = {};
  for (const key of ["input", "output", "thinking", "cached"] as const) {
    const count = counts[key];
    if (typeof count === "number") usage[key] = count;
  }
  return Object.keys(usage).length === 0 ? undefined : usage;
}

/** Who, and in which conversation: of the metadata of 5 and 6, and of what 7 was told to include. */
export function placeOf(event: Payload): Place {
  const said = {
    ...payloadOf(event.metadata),
    ...payloadOf(event.runtimeContext),
    ...payloadOf(event.experimental_context),
  };
  const place: Place = {};
  const actor = firstName(said, ["userId", "user_id", "userEmail"]);
  const conversation = firstName(said, ["sessionId", "session_id", "conversationId"]);
  const thread = firstName(said, ["threadId", "thread_id"]);
  if (actor !== undefined) place.actor = { type: "user", id: actor };
  if (conversation !== undefined) place.conversationId = conversation;
  if (thread !== undefined) place.threadId = thread;
  return place;
}

/** `ai.generateText` as `generateText`. */
export function operationOf(event: Payload): string {
  const operation = firstName(event, ["operationId"]) ?? "generateText";
  return operation.slice(operation.lastIndexOf(".") + 1);
}

/** The parts of the last messages that answer questions, and of the content that asks them. */
export function partsOf(value: unknown): Payload[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** What the model said, without the calls and results that are events of their own. */
export function outputOf(content: unknown): unknown {
  const said = partsOf(content).filter(
    ({ type }) => type === "text" || type === "reasoning" || type === "source",
  );
  const [only] = said;
  if (said.length === 1 && only?.type === "text") return only.text;
  return said.length === 0 ? undefined : said;
}
