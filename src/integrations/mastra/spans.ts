import { derivedUuid } from "../../base/derived-uuid.ts";
import { isObject } from "../../base/json.ts";
import type { Usage } from "../../event/event.ts";
import { firstName } from "../../ingest/values.ts";
import { BoundedMap } from "../bounded-map.ts";
import { approvalDecision, approvalRequest, modelDraft } from "../drafts.ts";
import type { Open, Place, Recorder, Run } from "../recorder.ts";

type Payload = Readonly<Record<string, unknown>>;

interface Known {
  /** Where what happens inside it belongs. */
  readonly inside: Place;
  readonly run?: Run;
  readonly call?: Open;
  readonly atMs: number;
  /** A model's work inside it was told, so that its sums are not. */
  hasModel: boolean;
}

interface Asked {
  readonly tool: string;
  readonly callId: string;
  readonly args: unknown;
  readonly approvalId: string;
}

const RUNS: Readonly<Record<string, "agent.run" | "workflow.run">> = {
  agent_run: "agent.run",
  workflow_run: "workflow.run",
};
const CALLS: ReadonlySet<unknown> = new Set([
  "tool_call",
  "mcp_tool_call",
  "provider_tool_call",
  "client_tool_call",
]);
/** Innermost first: each is told where nothing inside it was. */
const MODELS: ReadonlySet<unknown> = new Set(["model_inference", "model_step", "model_generation"]);
const STEPS: ReadonlySet<unknown> = new Set(["workflow_step"]);

const of = (value: unknown): Payload => (isObject(value) ? value : {});

/** Mastra's spans as they begin and end. */
export class Spans {
  readonly #recorder: Recorder;
  readonly #known = new BoundedMap<string, Known>();
  readonly #asked = new BoundedMap<string, Asked>();
  readonly #allowed = new BoundedMap<string, string>();
  /** Who, and in which conversation, by trace: a run that goes on after an answer does not say it again. */
  readonly #whose = new BoundedMap<string, Place>();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  started(span: Payload): void {
    const above = this.#above(span);
    const type = RUNS[String(span.type)];
    if (type !== undefined) this.#startRun(span, type, above);
    else if (CALLS.has(span.type)) this.#startCall(span, above);
    else
      this.#known.set(String(span.id), {
        inside: above?.inside ?? {},
        atMs: performance.now(),
        hasModel: false,
      });
  }

  ended(span: Payload): void {
    const known = this.#known.take(String(span.id));
    const above = this.#above(span);
    const error = span.errorInfo === undefined ? undefined : of(span.errorInfo);
    if (known?.run !== undefined) this.#endRun(span, known.run, error);
    else if (known?.call !== undefined)
      this.#recorder.endCall(known.call, error === undefined ? { result: span.output } : { error });
    else if (MODELS.has(span.type)) this.#tellModel(span, known, above, error);
    else if (STEPS.has(span.type)) this.#tellStep(span, known, error);
  }

  #startRun(span: Payload, type: "agent.run" | "workflow.run", above: Known | undefined): void {
    const agent =
      firstName(span, ["entityName", "entityId"]) ??
      firstName(of(span.attributes), ["agentId", "workflowId"]);
    const trace = String(span.traceId);
    const place: Place = {
      ...(above === undefined ? this.#whose.get(trace) : above.inside),
      ...placeOf(span),
      traceId: hexOf(span.traceId),
      spanId: hexOf(span.id),
    };
    const start = { type, agent, place, data: span.input === undefined ? {} : { input: span.input } };
    const runId = firstName(of(span.metadata), ["runId"]) ?? firstName(span, ["traceId"]);
    const run =
      above === undefined ? this.#recorder.startRun({ ...start, runId }) : this.#recorder.startRunIn(start);
    this.#known.set(String(span.id), { inside: run.inside, run, atMs: run.atMs, hasModel: false });
    if (above !== undefined) return;
    this.#whose.set(trace, { ...this.#whose.get(trace), ...placeOf(span) });
    this.#answer(span, run.inside);
  }

  #endRun(span: Payload, run: Run, error: Payload | undefined): void {
    const output = of(span.output);
    this.#ask(output, run.inside);
    this.#recorder.endRun(run, {
      ...(error === undefined ? {} : { error }),
      data: span.output === undefined ? {} : { output: output.text ?? span.output },
    });
  }

  #startCall(span: Payload, above: Known | undefined): void {
    const attributes = of(span.attributes);
    const callId = firstName(attributes, ["toolCallId"]);
    const call = this.#recorder.startCall(
      {
        tool:
          firstName({ ...attributes, ...span }, ["entityName", "entityId", "toolId", "name"]) ?? "unknown",
        callId,
        args: span.input,
        server: firstName(attributes, ["mcpServer", "serverName"]),
        approvalId: callId === undefined ? undefined : this.#allowed.take(keyOf(span, callId)),
      },
      { ...above?.inside, spanId: hexOf(span.id) },
    );
    const inside = { ...above?.inside, parentId: call.id };
    this.#known.set(String(span.id), { inside, call, atMs: call.atMs, hasModel: false });
  }

  #tellModel(
    span: Payload,
    known: Known | undefined,
    above: Known | undefined,
    error: Payload | undefined,
  ): void {
    if (above !== undefined) above.hasModel = true;
    if (known?.hasModel === true) return;
    const attributes = of(span.attributes);
    const { finishReason, provider } = attributes;
    // A step that waits for a person has asked no model anything more.
    if (finishReason === "suspended") return;
    const failure = error ?? (finishReason === "error" ? "the model failed" : undefined);
    this.#recorder.tell(
      {
        ...modelDraft({
          model: firstName(attributes, ["responseModel", "model"]),
          usage: usageOf(attributes.usage),
          error: failure,
          durationMs: known === undefined ? undefined : Math.round(performance.now() - known.atMs),
          data: {
            ...(provider === undefined ? {} : { provider }),
            ...(finishReason === undefined ? {} : { finish_reason: finishReason }),
            ...(of(span.output).text ? { output: of(span.output).text } : {}),
          },
        }),
        spanId: hexOf(span.id),
      },
      known?.inside ?? above?.inside,
    );
  }

  #tellStep(span: Payload, known: Known | undefined, error: Payload | undefined): void {
    const { status, severity, error: text } = modelDraft({ model: undefined, error });
    this.#recorder.tell(
      {
        type: "agent.step",
        category: "run",
        phase: "completed",
        status: status ?? "ok",
        severity: severity ?? "INFO",
        error: text ?? null,
        durationMs: known === undefined ? null : Math.round(performance.now() - known.atMs),
        summary: firstName(span, ["name"]) ?? "step",
        spanId: hexOf(span.id),
        data: {},
      },
      known?.inside,
    );
  }

  /** A run that waits for a person says so as its output. */
  #ask(output: Payload, inside: Place): void {
    const { reason, toolName, toolCallId, args } = output;
    if (reason !== "tool-call-approval" || typeof toolCallId !== "string") return;
    const trace = String(inside.traceId);
    const asked: Asked = {
      tool: String(toolName),
      callId: toolCallId,
      args,
      approvalId: derivedUuid(["mastra", "approval", trace, toolCallId]),
    };
    this.#asked.set(`${trace} ${toolCallId}`, asked);
    this.#recorder.tell(approvalRequest(asked, asked.approvalId), inside);
  }

  /** The run that goes on has the answer as its input. */
  #answer(span: Payload, inside: Place): void {
    const { approved, toolName, toolCallId, reason, message } = of(span.input);
    if (typeof approved !== "boolean" || typeof toolCallId !== "string") return;
    const key = keyOf(span, toolCallId);
    const tool = String(toolName);
    const approvalId = derivedUuid(["mastra", "approval", String(inside.traceId), toolCallId]);
    const call = this.#asked.take(key) ?? { tool, callId: toolCallId, args: undefined };
    const why = [reason, message].find((each) => typeof each === "string");
    this.#recorder.tell(approvalDecision(call, { approved, reason: why, approvalId }), inside);
    if (approved) {
      this.#allowed.set(key, approvalId);
      return;
    }
    // It never runs, so nothing else tells of it.
    const { callId, args } = call;
    this.#recorder.tellCall({ tool, callId, args }, { status: "denied", error: why ?? "denied" }, inside);
  }

  #above({ parentSpanId: id }: Payload): Known | undefined {
    return typeof id === "string" ? this.#known.get(id) : undefined;
  }
}

function keyOf({ traceId }: Payload, callId: string): string {
  return `${String(traceId)} ${callId}`;
}

function hexOf(id: unknown): string | null {
  return typeof id === "string" ? id : null;
}

function placeOf(span: Payload): Place {
  const said = { ...of(span.attributes), ...of(span.metadata) };
  const place: Place = {};
  const user = firstName(said, ["userId", "user_id"]);
  const conversation = firstName(said, ["sessionId", "session_id", "conversationId"]);
  const thread = firstName(said, ["threadId"]);
  if (user !== undefined) place.actor = { type: "user", id: user };
  if (conversation !== undefined) place.conversationId = conversation;
  if (thread !== undefined) place.threadId = thread;
  return place;
}

function usageOf(value: unknown): Usage | undefined {
  const said = of(value);
  const counts = {
    input: said.inputTokens,
    output: said.outputTokens,
    thinking: of(said.outputDetails).reasoning,
    cached: of(said.inputDetails).cacheRead,
  };
  const usage: Usage = {};
  for (const key of ["input", "output", "thinking", "cached"] as const) {
    const count = counts[key];
    if (typeof count === "number") usage[key] = count;
  }
  return Object.keys(usage).length === 0 ? undefined : usage;
}
