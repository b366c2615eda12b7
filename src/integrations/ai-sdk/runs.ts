import { derivedUuid } from "../../base/derived-uuid.ts";
import { firstName } from "../../ingest/values.ts";
import { BoundedMap } from "../bounded-map.ts";
import { approvalDecision, approvalRequest, type CallStart, modelDraft } from "../drafts.ts";
import type { End, Open, Place, Recorder, Run } from "../recorder.ts";
import { operationOf, outputOf, type Payload, partsOf, payloadOf, placeOf, usageOf } from "./payload.ts";

/** What tells one run from another: the SDK's `callId`, or an object of ours where it has none. */
export type RunKey = string | object;

interface Going {
  readonly run: Run;
  /** The model that was asked; a failure does not name it again. */
  readonly model: unknown;
  readonly provider: unknown;
  /** The step that is under way, and the last one whose model call was told. */
  step: number;
  modelTold: number;
  stepTold: number;
  /** Why the last step gave nothing: a stream ends as if all were well. */
  failure: unknown;
  /** Calls that are told already, so that the end of the step does not tell them again. */
  readonly told: Set<string>;
}

/** Operations that are an agent's run; the others are one event when they end. */
const RUNS: ReadonlySet<string> = new Set(["generateText", "streamText", "generateObject", "streamObject"]);

/** Told by the model calls inside them. */
const TOLD_INSIDE: ReadonlySet<string> = new Set(["embed", "embedMany"]);

const SINGLES: Readonly<Record<string, { type: string; category: string }>> = {
  rerank: { type: "retrieval.query", category: "run" },
};

/**
 * Runs of the SDK, told by whichever door hears of them: its telemetry and its diagnostics channel say the
 * same, and each fact is recorded once.
 */
export class AiSdkRuns {
  readonly recorder: Recorder;
  readonly #runs = new BoundedMap<RunKey, Going>();
  readonly #calls = new BoundedMap<string, Open>();
  readonly #asked = new BoundedMap<string, CallStart>();
  /** Approvals by the call that was allowed. */
  readonly #allowed = new BoundedMap<string, string>();

  constructor(recorder: Recorder) {
    this.recorder = recorder;
  }

  has(key: RunKey): boolean {
    return this.#runs.has(key);
  }

  start(key: RunKey, event: Payload): void {
    if (this.#runs.has(key) || !RUNS.has(operationOf(event))) return;
    const run = this.recorder.startRun({
      agent: firstName(event, ["functionId"]),
      runId: typeof key === "string" ? key : undefined,
      place: placeOf(event),
      data: withoutNothing({
        input: event.messages ?? event.prompt,
        instructions: event.instructions ?? event.system,
      }),
    });
    const { modelId, provider } = { ...event, ...payloadOf(event.model) };
    this.#runs.set(key, {
      run,
      model: modelId,
      provider,
      step: 0,
      modelTold: -1,
      failure: undefined,
      stepTold: -1,
      told: new Set(),
    });
    this.#tellDecisions(key, event.messages);
  }

  stepStart(key: RunKey, step: unknown): void {
    const going = this.#runs.get(key);
    if (going !== undefined && typeof step === "number") going.step = step;
  }

  modelEnd(key: RunKey, event: Payload): void {
    const going = this.#runs.get(key);
    if (going !== undefined && going.modelTold >= going.step) return;
    if (going !== undefined) going.modelTold = going.step;
    const response = payloadOf(event.response);
    const model = payloadOf(event.model);
    const asked = firstName(event, ["modelId"]) ?? firstName(model, ["modelId"]);
    const given = typeof going?.model === "string" ? going.model : undefined;
    const { responseTimeMs } = payloadOf(event.performance);
    const at = response.timestamp;
    this.recorder.tell(
      {
        ...modelDraft({
          model: firstName(response, ["modelId"]) ?? asked ?? given,
          usage: usageOf(event.usage),
          error: event.error,
          durationMs: typeof responseTimeMs === "number" ? responseTimeMs : undefined,
          data: withoutNothing({
            provider: event.provider ?? model.provider ?? going?.provider,
            finish_reason: event.finishReason,
            request_id: event.responseId ?? response.id,
            output: outputOf(event.content),
          }),
        }),
        ...(at instanceof Date && responseTimeMs === undefined ? { occurredAt: at } : {}),
      },
      this.#placeOf(key),
    );
  }

  toolStart(key: RunKey, toolCall: unknown): Open | undefined {
    const call = callOf(toolCall);
    const name = callKey(key, call);
    const known = this.#calls.get(name);
    if (known !== undefined) return known;
    this.#runs.get(key)?.told.add(call.callId);
    const open = this.recorder.startCall(
      { ...call, approvalId: this.#allowed.take(name) },
      this.#placeOf(key),
    );
    this.#calls.set(name, open);
    return open;
  }

  /** The tool that runs now, for what it does itself. */
  openCall(key: RunKey, callId: unknown): Open | undefined {
    return this.#calls.get(callKey(key, { callId: String(callId) }));
  }

  toolEnd(key: RunKey, toolCall: unknown, end: End): void {
    const open = this.#calls.take(callKey(key, callOf(toolCall)));
    if (open !== undefined) this.recorder.endCall(open, end);
  }

  stepEnd(key: RunKey, step: Payload): void {
    const going = this.#runs.get(key);
    if (going !== undefined && going.stepTold >= going.step) return;
    this.modelEnd(key, step);
    if (going !== undefined) Object.assign(going, { stepTold: going.step, failure: undefined });
    const parts = partsOf(step.content);
    const answered = new Set(parts.filter(({ type }) => type !== "tool-call").map(idOf));
    for (const part of parts) {
      switch (part.type) {
        case "tool-approval-request":
          this.#ask(key, part);
          break;
        case "tool-approval-response":
          this.#decide(key, part, "policy");
          break;
        case "tool-result":
        case "tool-error":
          this.#tellUnseen(key, part);
          break;
        case "tool-call":
          if (going?.told.has(idOf(part)) !== true && !answered.has(idOf(part)))
            this.#tellHandedOver(key, part);
      }
    }
  }

  /** A step that failed before it gave anything: the model did not answer. */
  stepFailed(key: RunKey, event: Payload): void {
    const going = this.#runs.get(key);
    if (going !== undefined) going.failure = event.error ?? "failed";
    this.modelEnd(key, event);
  }

  end(key: RunKey, event: Payload): void {
    const going = this.#runs.take(key);
    const operation = operationOf(event);
    if (going === undefined) {
      if (!RUNS.has(operation) && !TOLD_INSIDE.has(operation)) this.#tellSingle(operation, event);
      return;
    }
    const usage = usageOf(event.totalUsage ?? event.usage);
    this.recorder.endRun(going.run, {
      ...(going.failure === undefined ? {} : { error: going.failure }),
      data: withoutNothing({
        output: event.object ?? (event.text === "" ? undefined : event.text) ?? outputOf(event.content),
        finish_reason: event.finishReason,
        totals: usage,
      }),
    });
  }

  fail(key: RunKey, error: unknown): void {
    const going = this.#runs.take(key);
    if (going !== undefined) this.recorder.endRun(going.run, { error: error ?? "failed" });
  }

  embedEnd(key: RunKey, event: Payload): void {
    const { model, durationMs, ...draft } = modelDraft({
      model: firstName(event, ["modelId"]),
      usage: usageOf(event.usage),
      data: withoutNothing({ provider: event.provider }),
    });
    this.recorder.tell({ ...draft, model: model ?? null, type: "llm.embed" }, this.#placeOf(key));
  }

  #placeOf(key: RunKey): Place {
    return this.#runs.get(key)?.run.inside ?? (typeof key === "string" ? { runId: key } : {});
  }

  #tellSingle(operation: string, event: Payload): void {
    const shape = SINGLES[operation] ?? { type: "llm.complete", category: "llm" };
    const model = modelDraft({ model: firstName(event, ["modelId"]), usage: undefined });
    this.recorder.tell({ ...model, ...shape, summary: operation, data: {} }, placeOf(event));
  }

  #ask(key: RunKey, part: Payload): void {
    const approvalId = String(part.approvalId);
    const call = callOf(part.toolCall);
    this.#asked.set(approvalId, call);
    this.recorder.tell(approvalRequest(call, approvalEvent(approvalId, "request")), this.#placeOf(key));
  }

  /** A person's answers come with the messages of the call after the one that asked. */
  #tellDecisions(key: RunKey, messages: unknown): void {
    const all = partsOf(messages);
    const last = all.at(-1);
    if (last?.role !== "tool") return;
    for (const part of partsOf(last.content)) {
      if (part.type === "tool-approval-response")
        this.#decide(key, { ...part, toolCall: askedIn(all, part) }, undefined);
    }
  }

  #decide(key: RunKey, part: Payload, by: string | undefined): void {
    const approvalId = String(part.approvalId);
    const call = part.toolCall === undefined ? this.#asked.get(approvalId) : callOf(part.toolCall);
    if (call === undefined) return;
    this.#asked.delete(approvalId);
    const approved = part.approved === true;
    const reason = firstName(part, ["reason"]);
    const place = this.#placeOf(key);
    const request = approvalEvent(approvalId, "request");
    const id = approvalEvent(approvalId, approved ? "approval" : "denial");
    this.recorder.tell(approvalDecision(call, { approved, reason, by, approvalId: request, id }), place);
    if (approved) {
      this.#allowed.set(callKey(key, call), request);
      return;
    }
    // It never runs, so nothing else tells of it.
    this.#runs.get(key)?.told.add(String(call.callId));
    this.recorder.tellCall(call, { status: "denied", error: reason ?? "denied" }, place, {
      started: approvalEvent(approvalId, "refused"),
      completed: approvalEvent(approvalId, "refusal"),
    });
  }

  /** A call that ran where no telemetry is: at the model's provider, or nowhere, since it was malformed. */
  #tellUnseen(key: RunKey, part: Payload): void {
    const call = callOf(part);
    const going = this.#runs.get(key);
    if (going?.told.has(call.callId) === true || part.preliminary === true) return;
    going?.told.add(call.callId);
    const end = part.type === "tool-error" ? { error: part.error ?? "failed" } : { result: part.output };
    this.recorder.tellCall(call, end, this.#placeOf(key));
  }

  /** A call without a tool that runs here: whoever asked gets it to run. */
  #tellHandedOver(key: RunKey, part: Payload): void {
    const { tool, callId, args } = callOf(part);
    this.recorder.tell(
      {
        type: "tool.request",
        category: "tool_call",
        status: "ok",
        tool,
        callId,
        summary: `${tool} is handed to the caller`,
        data: args === undefined ? {} : { arguments: args },
      },
      this.#placeOf(key),
    );
  }
}

/** The same ids whenever the same answer is sent, since a call may be tried again with it. */
function approvalEvent(approvalId: string, what: string): string {
  return derivedUuid(["ai-sdk", "approval", approvalId, what]);
}

/** The call that an answer is about: it stands in the messages before it. */
function askedIn(messages: readonly Payload[], { approvalId }: Payload): unknown {
  const parts = messages.flatMap(({ content }) => partsOf(content));
  const request = parts.find(
    (part) => part.type === "tool-approval-request" && part.approvalId === approvalId,
  );
  if (request === undefined) return undefined;
  return (
    parts.find((part) => part.type === "tool-call" && part.toolCallId === request.toolCallId) ??
    request.toolCall
  );
}

function callOf(toolCall: unknown): CallStart & { callId: string } {
  const { toolName, toolCallId, input, args } = payloadOf(toolCall);
  return { tool: String(toolName ?? "unknown"), callId: String(toolCallId ?? ""), args: input ?? args };
}

function idOf(part: Payload): string {
  return callOf(part.toolCall ?? part).callId;
}

let unnamed = 0;
const names = new WeakMap<object, string>();

function callKey(key: RunKey, { callId }: { callId?: string | undefined }): string {
  if (typeof key === "string") return `${key} ${callId}`;
  const name = names.get(key) ?? `run ${++unnamed}`;
  names.set(key, name);
  return `${name} ${callId}`;
}

function withoutNothing(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
