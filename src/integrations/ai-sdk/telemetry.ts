import type { Recorder } from "../recorder.ts";
import { type Payload, payloadOf } from "./payload.ts";
import { RunFinder } from "./run-finder.ts";
import type { AiSdkRuns, RunKey } from "./runs.ts";

/** A telemetry integration of the AI SDK 7 and 6, as both take it. */
export interface AiSdkIntegration {
  onStart(event: unknown): void;
  onStepStart(event: unknown): void;
  onLanguageModelCallEnd(event: unknown): void;
  onToolExecutionStart(event: unknown): void;
  onToolExecutionEnd(event: unknown): void;
  onToolCallStart(event: unknown): void;
  onToolCallFinish(event: unknown): void;
  onStepEnd(event: unknown): void;
  onStepFinish(event: unknown): void;
  onStepError(event: unknown): void;
  onObjectStepEnd(event: unknown): void;
  onEmbedEnd(event: unknown): void;
  onEnd(event: unknown): void;
  onFinish(event: unknown): void;
  onAbort(event: unknown): void;
  onError(event: unknown): void;
  executeTool<T>(options: {
    callId: string;
    toolCallId: string;
    execute: () => PromiseLike<T>;
  }): PromiseLike<T>;
}

export function integrationOf(runs: AiSdkRuns): AiSdkIntegration {
  const { recorder } = runs;
  const finder = new RunFinder(runs);
  const hears = hearing(recorder, finder);
  /** Version 7 tells the end of a step twice, under its new name and its old one. */
  const stepEnd = hears("step end", (key, event) => runs.stepEnd(key, event));
  const runEnd = hears("end", (key, event) => {
    finder.ends(key);
    runs.end(key, event);
  });
  const toolStart = hears("tool start", (key, { toolCall }) => void runs.toolStart(key, toolCall));
  return {
    onStart(event) {
      recorder.guard("ai-sdk start", () => {
        runs.start(finder.begins(event), payloadOf(event));
      });
    },
    onStepStart: hears("step start", (key, { stepNumber }) => runs.stepStart(key, stepNumber)),
    onLanguageModelCallEnd: hears("model call", (key, event) => runs.modelEnd(key, event)),
    onToolExecutionStart: toolStart,
    onToolCallStart: toolStart,
    onToolExecutionEnd: hears("tool end", (key, event) => {
      const output = payloadOf(event.toolOutput);
      const isError = output.type === "tool-error";
      runs.toolEnd(key, event.toolCall, {
        ...(isError ? { error: output.error ?? "failed" } : { result: output.output }),
        durationMs: numberOf(event.toolExecutionMs),
      });
    }),
    onToolCallFinish: hears("tool end", (key, event) => {
      runs.toolEnd(key, event.toolCall, {
        ...(event.success === false ? { error: event.error ?? "failed" } : { result: event.output }),
        durationMs: numberOf(event.durationMs),
      });
    }),
    onStepEnd: stepEnd,
    onStepFinish: stepEnd,
    onStepError: hears("step error", (key, event) => runs.stepFailed(key, event)),
    onObjectStepEnd: hears("model call", (key, event) => runs.modelEnd(key, event)),
    onEmbedEnd: hears("embedding", (key, event) => runs.embedEnd(key, event)),
    onEnd: runEnd,
    onFinish: runEnd,
    onAbort: hears("abort", (key) => runs.fail(key, "aborted")),
    onError: hears("error", (key, event) => runs.fail(key, event.error)),
    executeTool({ callId, toolCallId, execute }) {
      const open = recorder.guard("ai-sdk tool", () => runs.openCall(callId, toolCallId));
      return open === undefined ? execute() : recorder.within(open, execute);
    },
  };
}

function hearing(recorder: Recorder, finder: RunFinder) {
  return (what: string, tell: (key: RunKey, event: Payload) => void) =>
    (event: unknown): void => {
      recorder.guard(`ai-sdk ${what}`, () => {
        const payload = payloadOf(event);
        tell(finder.of(payload), payload);
      });
    };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? Math.round(value) : undefined;
}
