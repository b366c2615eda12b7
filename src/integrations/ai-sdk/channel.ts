import { tracingChannel } from "node:diagnostics_channel";
import { surroundings, surroundingsStorage } from "../../event/surroundings.ts";
import { type Payload, payloadOf } from "./payload.ts";
import type { AiSdkRuns } from "./runs.ts";

const CHANNEL = "ai:telemetry";
const RUNS: ReadonlySet<unknown> = new Set(["generateText", "streamText"]);

/**
 * Listens to the diagnostics channel of the AI SDK 7, which tells of every call, also of one that was given
 * integrations of its own and so leaves the registered ones out. Of a stream it tells less: no tokens.
 */
export function subscribe(runs: AiSdkRuns): () => void {
  const { recorder } = runs;
  const channel = tracingChannel(CHANNEL);
  const heard =
    (what: string, tell: (callId: string, message: Payload, event: Payload) => void) =>
    (message: unknown): void => {
      recorder.guard(`ai-sdk channel ${what}`, () => {
        const said = payloadOf(message);
        const event = payloadOf(said.event);
        if (typeof event.callId === "string") tell(event.callId, said, event);
      });
    };
  const subscribers = {
    start: heard("start", (callId, { type }, event) => {
      if (RUNS.has(type)) runs.start(callId, event);
      else if (type === "step") runs.stepStart(callId, event.stepNumber);
      else if (type === "executeTool") runs.toolStart(callId, event.toolCall);
    }),
    end: () => undefined,
    asyncStart: () => undefined,
    asyncEnd: heard("end", (callId, message, event) => ended(runs, callId, message, event)),
    error: () => undefined,
  };
  channel.subscribe(subscribers);
  // What a tool does itself belongs to its call.
  channel.start.bindStore(surroundingsStorage, (message) => {
    const said = payloadOf(message);
    const { callId, toolCall } = payloadOf(said.event);
    if (said.type !== "executeTool" || typeof callId !== "string") return surroundings();
    const open = recorder.guard("ai-sdk channel tool", () => runs.toolStart(callId, toolCall));
    return open === undefined ? surroundings() : { ...surroundings(), ...recorder.insideOf(open) };
  });
  return () => {
    channel.unsubscribe(subscribers);
    channel.start.unbindStore(surroundingsStorage);
  };
}

function ended(runs: AiSdkRuns, callId: string, message: Payload, event: Payload): void {
  const { type, error } = message;
  const result = payloadOf(message.result);
  if (type === "executeTool") {
    const output = payloadOf(result.output);
    const failure = error ?? (output.type === "tool-error" ? (output.error ?? "failed") : undefined);
    runs.toolEnd(
      callId,
      event.toolCall,
      failure === undefined ? { result: output.output } : { error: failure },
    );
  } else if (type === "step") {
    if (error === undefined) runs.stepEnd(callId, { ...event, ...result });
    else runs.stepFailed(callId, { ...event, error });
  } else if (RUNS.has(type)) {
    if (error === undefined) runs.end(callId, result);
    else runs.fail(callId, error);
  }
}
