import { isObject } from "../../base/json.ts";
import { firstName } from "../../ingest/values.ts";
import { type AdapterOptions, Recorder, type Target } from "../recorder.ts";
import { Approvals } from "./approvals.ts";
import { argsOf, Spans } from "./spans.ts";

export type { AdapterOptions, Target };

/** What is needed of a `Runner`. */
export interface AgentsRunner {
  on(event: never, listener: never): unknown;
  run: (...args: never[]) => unknown;
}

/** A trace processor of the OpenAI Agents SDK, and hooks for its runners. */
export interface AgentsRecorder {
  onTraceStart(trace: unknown): Promise<void>;
  onTraceEnd(trace: unknown): Promise<void>;
  onSpanStart(span: unknown): Promise<void>;
  onSpanEnd(span: unknown): Promise<void>;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
  /**
   * Hears a runner's hooks and looks at what its runs return, and returns the runner: so that calls have the
   * model's ids and their arguments when they start, and questions for approval and their answers are told.
   */
  attach<R extends AgentsRunner>(runner: R): R;
}

/** Where the SDK keeps the span that is under way, for all copies of it in the process. */
const CONTEXT = Symbol.for("openai.agents.core.asyncLocalStorage");

/**
 * Records the OpenAI Agents SDK: `const agents = recordOpenAiAgents(trail); addTraceProcessor(agents);`
 * `agents.attach(runner)`. Runs, agents, hand-offs, guardrails, tool calls and refusals, and the tokens of
 * models that tell them in a span, as OpenAI's do. Never throws into the agent.
 *
 * @see https://openai.github.io/openai-agents-js/guides/tracing
 */
export function recordOpenAiAgents(trail: Target, options: AdapterOptions = {}): AgentsRecorder {
  const recorder = new Recorder(trail, { source: "openai-traces", origin: "openai-agents" }, options);
  const spans = new Spans(recorder);
  const approvals = new Approvals(recorder, (trace, agent) => spans.placeIn(trace, agent));
  const hear = (what: string, work: (item: Record<string, unknown>) => void) => async (item: unknown) => {
    recorder.guard(`openai-agents ${what}`, () => {
      const said = jsonOf(item);
      if (said !== undefined) work(said);
    });
  };
  return {
    onTraceStart: hear("trace", (trace) => spans.trace(trace)),
    onTraceEnd: async () => undefined,
    onSpanStart: hear("span start", (span) => spans.start(span)),
    onSpanEnd: hear("span end", (span) => spans.end(span, (error) => approvals.refused(error))),
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
    attach(runner) {
      spans.hasHooks = true;
      const on = runner.on as unknown as (event: string, listener: (...args: unknown[]) => void) => unknown;
      on.call(runner, "agent_tool_start", (_context, _agent, tool, details) => {
        recorder.guard("openai-agents tool", () => startCall(spans, approvals, tool, details));
      });
      const run = runner.run as unknown as (...args: unknown[]) => unknown;
      runner.run = ((...args: unknown[]) => {
        recorder.guard("openai-agents answers", () => approvals.answer(args[1]));
        // Before the result is its owner's, who may go on with it at once.
        return Promise.resolve(run.apply(runner, args)).then((result) => {
          recorder.guard("openai-agents questions", () => approvals.watch(result));
          return result;
        });
      }) as typeof runner.run;
      return runner;
    },
  };
}

function startCall(spans: Spans, approvals: Approvals, tool: unknown, details: unknown): void {
  const call = isObject(details) && isObject(details.toolCall) ? details.toolCall : {};
  const name = isObject(tool) ? firstName(tool, ["name"]) : undefined;
  const spanId = currentSpan() ?? (name === undefined ? undefined : spans.waitingFor(name));
  if (spanId === undefined) return;
  const callId = firstName(call, ["callId", "id"]);
  spans.call(spanId, { callId, args: argsOf(call.arguments), approvalId: approvals.under(callId) });
}

function currentSpan(): string | undefined {
  const storage: unknown = Reflect.get(globalThis, CONTEXT);
  const store: unknown =
    isObject(storage) && typeof storage.getStore === "function" ? storage.getStore() : null;
  const span: unknown = isObject(store) ? store.span : undefined;
  return isObject(span) && typeof span.spanId === "string" ? span.spanId : undefined;
}

function jsonOf(item: unknown): Record<string, unknown> | undefined {
  if (!isObject(item)) return undefined;
  const json: unknown = typeof item.toJSON === "function" ? item.toJSON() : item;
  return isObject(json) ? json : undefined;
}
