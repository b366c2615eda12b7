import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import { isObject } from "../../base/json.ts";
import { errorText } from "../drafts.ts";

/** `[seconds, nanoseconds]`, as OpenTelemetry keeps times. */
type HrTime = [number, number];

interface Heard {
  started(span: LooseSpan): void;
  ended(span: LooseSpan): void;
}

/** A tracer as OpenTelemetry's API has it, for a program that is handed one. */
export interface TrailTracer {
  startSpan(name: string, options?: unknown, context?: unknown): LooseSpan;
  startActiveSpan<F extends (span: never) => unknown>(name: string, ...rest: unknown[]): ReturnType<F>;
}

/** The span that is under way goes along with asynchronous calls, without OpenTelemetry's own context manager. */
const current = new AsyncLocalStorage<LooseSpan>();

const ERROR = 2;

function now(): HrTime {
  const micros = Math.round((performance.timeOrigin + performance.now()) * 1000);
  return [Math.floor(micros / 1_000_000), (micros % 1_000_000) * 1000];
}

/** A span with the members that the SDK's own have, and that the mapper reads. */
export class LooseSpan {
  name: string;
  readonly resource = { attributes: {} };
  readonly instrumentationScope: { name: string };
  readonly parentSpanContext: { traceId: string; spanId: string } | undefined;
  readonly startTime = now();
  endTime: HrTime = [0, 0];
  ended = false;
  readonly attributes: Record<string, unknown> = {};
  readonly events: Array<{ name: string; time: HrTime; attributes: object }> = [];
  status: { code: number; message?: string } = { code: 0 };
  readonly #ids: { traceId: string; spanId: string; traceFlags: number };
  readonly #heard: Heard;

  constructor(name: string, scope: string, options: unknown, heard: Heard) {
    const { attributes, root } = isObject(options) ? options : {};
    const parent = root === true ? undefined : current.getStore();
    this.name = name;
    this.instrumentationScope = { name: scope };
    this.parentSpanContext = parent?.spanContext();
    this.#ids = {
      traceId: this.parentSpanContext?.traceId ?? randomBytes(16).toString("hex"),
      spanId: randomBytes(8).toString("hex"),
      traceFlags: 1,
    };
    this.#heard = heard;
    if (isObject(attributes)) Object.assign(this.attributes, attributes);
    heard.started(this);
  }

  spanContext(): { traceId: string; spanId: string; traceFlags: number } {
    return this.#ids;
  }

  setAttribute(key: string, value: unknown): this {
    this.attributes[key] = value;
    return this;
  }

  setAttributes(attributes: object): this {
    Object.assign(this.attributes, attributes);
    return this;
  }

  addEvent(name: string, attributes?: unknown): this {
    this.events.push({ name, time: now(), attributes: isObject(attributes) ? attributes : {} });
    return this;
  }

  addLink(_link: unknown): this {
    return this;
  }

  addLinks(_links: unknown): this {
    return this;
  }

  setStatus(status: { code: number; message?: string }): this {
    this.status = status;
    return this;
  }

  updateName(name: string): this {
    this.name = name;
    return this;
  }

  isRecording(): boolean {
    return !this.ended;
  }

  recordException(exception: unknown): void {
    const type = isObject(exception) && typeof exception.name === "string" ? exception.name : "Error";
    this.addEvent("exception", { "exception.type": type, "exception.message": errorText(exception) });
    if (this.status.code !== ERROR) this.status = { code: ERROR, message: errorText(exception) };
  }

  end(): void {
    if (this.ended) return;
    this.endTime = now();
    this.ended = true;
    this.#heard.ended(this);
  }
}

export function tracerInto(heard: Heard, scope: string): TrailTracer {
  const startSpan = (name: string, options?: unknown) => new LooseSpan(name, scope, options, heard);
  return {
    startSpan,
    startActiveSpan: (name, ...rest) => {
      const work = rest.at(-1) as (span: LooseSpan) => never;
      const span = startSpan(name, rest.length > 1 ? rest[0] : undefined);
      return current.run(span, () => work(span));
    },
  };
}
