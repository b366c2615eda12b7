import { isObject, type JsonObject } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { commonOf, fromOpenAiTraces } from "../../ingest/openai-traces.ts";
import { toldId } from "../../ingest/told.ts";
import { structured } from "../../ingest/values.ts";
import { BoundedMap } from "../bounded-map.ts";
import type { Place, Recorder } from "../recorder.ts";

type Item = Readonly<Record<string, unknown>>;

/** A call as the hooks know it; the span of a function has neither its id nor, at first, its arguments. */
export interface ToolCall {
  readonly callId: string | undefined;
  readonly args: unknown;
  readonly approvalId?: string | undefined;
}

const ANCESTORS_MAX = 100;

/** Spans as they begin and end, through the mapper that reads what the SDK's exporter posts. */
export class Spans {
  readonly #recorder: Recorder;
  readonly #traces = new BoundedMap<string, JsonObject>();
  readonly #open = new BoundedMap<string, Item>();
  /** Spans of functions whose start waits for the hook that knows the call. */
  readonly #waiting = new BoundedMap<string, EventDraft[]>();
  readonly #told = new BoundedMap<string, ToolCall | null>();
  /** Whether hooks are attached: else nothing is waited for. */
  hasHooks = false;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  trace(trace: Item): void {
    if (typeof trace.id === "string") this.#traces.set(trace.id, trace as JsonObject);
  }

  /** Where what happens in a trace belongs, which no span tells of. */
  placeIn(trace: string, agent: string | undefined): Place {
    const said = commonOf({ trace_id: trace }, this.#traces.get(trace) ?? {}, agent, {});
    const { source: _source, origin: _origin, ...place } = said;
    return Object.fromEntries(Object.entries(place).filter(([, value]) => value !== null));
  }

  start(span: Item): void {
    const id = String(span.id);
    this.#open.set(id, span);
    const drafts = isTask(span) ? this.#begun(span) : this.#drafts(span);
    if (this.hasHooks && isFunction(span)) {
      this.#waiting.set(id, drafts);
      return;
    }
    if (isFunction(span)) this.#told.set(id, null);
    this.#recorder.relay(drafts);
  }

  /** The hook of the function whose span this is. */
  call(spanId: string, call: ToolCall): void {
    const drafts = this.#waiting.take(spanId);
    this.#told.set(spanId, call);
    if (drafts !== undefined) this.#recorder.relay(drafts.map((draft) => withCall(draft, call)));
  }

  /** The only function of this name that waits for its hook, where there is but one. */
  waitingFor(tool: string): string | undefined {
    const found = [...this.#waiting.keys()].filter((id) => nameOf(this.#open.get(id)) === tool);
    return found.length === 1 ? found[0] : undefined;
  }

  end(span: Item, refused: (error: string) => ToolCall | undefined): void {
    const id = String(span.id);
    const call = this.#told.take(id);
    this.#waiting.delete(id);
    const isTold = call !== undefined || !isFunction(span);
    const drafts = (isTask(span) ? this.#ended(span) : this.#drafts(span)).filter(
      ({ phase }) => phase !== "started" || !isTold,
    );
    const denied = isFunction(span) ? drafts.find(({ status }) => status === "denied") : undefined;
    const known = call ?? (denied?.error ? refused(denied.error) : undefined);
    this.#open.delete(id);
    this.#recorder.relay(known === undefined ? drafts : drafts.map((draft) => withCall(draft, known)));
  }

  #drafts(span: Item): EventDraft[] {
    const own = toldId(idsOf(span));
    const { drafts } = fromOpenAiTraces({ data: [...this.#above(span), span] }, {}, this.#traces);
    return drafts.filter(({ id, startId }) => id === own || startId === own);
  }

  /** The spans around it, which say whose turn it is. */
  #above(span: Item): Item[] {
    const above: Item[] = [];
    let at: Item | undefined = span;
    while (at !== undefined && above.length < ANCESTORS_MAX) {
      at = typeof at.parent_id === "string" ? this.#open.get(at.parent_id) : undefined;
      if (at !== undefined) above.push(at);
    }
    return above;
  }

  /** The outermost span is one call of `run()`: told as a run, so that it is seen while it goes on. */
  #begun(span: Item): EventDraft[] {
    return this.#drafts({ ...span, ended_at: span.started_at }).map((draft) => ({
      ...draft,
      type: "workflow.run",
      phase: "started" as const,
      status: "pending",
      durationMs: null,
      data: {},
    }));
  }

  #ended(span: Item): EventDraft[] {
    const startId = toldId(idsOf(span));
    return this.#drafts(span).map((draft) => ({ ...draft, id: null, type: "workflow.run", startId }));
  }
}

function withCall(draft: EventDraft, { callId, args, approvalId }: ToolCall): EventDraft {
  const approval = approvalId === undefined ? {} : { approval_id: approvalId };
  const told = args === undefined ? {} : { arguments: args };
  return { ...draft, callId: callId ?? null, data: { ...told, ...approval, ...draft.data } };
}

function idsOf(span: Item): { door: string; trace: string; id: string } {
  return { door: "openai-agents", trace: String(span.trace_id), id: String(span.id) };
}

function saidOf(span: Item | undefined): Item {
  return isObject(span?.span_data) ? span.span_data : {};
}

function nameOf(span: Item | undefined): string {
  return String(saidOf(span).name);
}

function isFunction(span: Item): boolean {
  return saidOf(span).type === "function";
}

function isTask(span: Item): boolean {
  const { data } = saidOf(span);
  return !span.parent_id && isObject(data) && data.sdk_span_type === "task";
}

export function argsOf(text: unknown): unknown {
  return typeof text === "string" ? structured(text) : text;
}
