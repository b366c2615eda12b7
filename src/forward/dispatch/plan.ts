import type { JsonValue } from "../../base/json.ts";
import type { AuditEvent } from "../../event/event.ts";
import { toWire } from "../../event/wire.ts";
import type { Rules } from "../../rule/rules.ts";
import { effective } from "../configuration.ts";
import type { Configuration, Destination, Item } from "../destination.ts";
import { FORMATS } from "../formats/formats.ts";
import type { ForwarderAttributes } from "../forwarder.ts";

/** What is to become of one event. */
export type Planned =
  | { readonly kind: "elsewhere"; readonly event: AuditEvent }
  | { readonly kind: "skipped" | "filtered"; readonly event: AuditEvent }
  | { readonly kind: "broken"; readonly event: AuditEvent; readonly error: string }
  | {
      readonly kind: "send";
      readonly event: AuditEvent;
      readonly item: Item;
      readonly configuration: Configuration;
    };

/** Milliseconds for one batch of events in an expression. */
const BATCH_MS = 2_000;
const ONE_MS = 500;

/**
 * Filter, transform and format over events, in their order. An event whose expression fails, or takes
 * too long, is broken and costs no other one.
 */
export async function planEvents(
  events: readonly AuditEvent[],
  forwarder: ForwarderAttributes,
  destination: Destination,
  rules: Rules,
): Promise<Planned[]> {
  const configurations = new Map<string, Configuration | null>();
  const configurationOf = (environment: string): Configuration | null => {
    let found = configurations.get(environment);
    if (found === undefined) {
      found = effective(forwarder, environment);
      configurations.set(environment, found);
    }
    return found;
  };
  const here = events.filter((event) => configurationOf(event.environment) !== null && !event.doNotForward);
  const wanted = await evaluated(rules, "logic", forwarder.filter, here);
  const passed = here.filter((event) => isTruthy(wanted.get(event)));
  const payloads = await evaluated(rules, "transform", forwarder.transform, passed);
  const render = FORMATS[forwarder.format ?? destination.format].render;
  return events.map((event): Planned => {
    const configuration = configurationOf(event.environment);
    if (configuration === null) return { kind: "elsewhere", event };
    if (event.doNotForward) return { kind: "skipped", event };
    const kept = wanted.get(event);
    if (kept?.error !== undefined)
      return { kind: "broken", event, error: `The filter failed: ${kept.error}` };
    if (!isTruthy(kept)) return { kind: "filtered", event };
    const made = payloads.get(event);
    if (made?.error !== undefined)
      return { kind: "broken", event, error: `The transform failed: ${made.error}` };
    const payload = made === undefined ? render(event) : (made.value as JsonValue);
    return toSend(event, payload, configuration, destination);
  });
}

function toSend(
  event: AuditEvent,
  payload: JsonValue,
  configuration: Configuration,
  { limits }: Destination,
): Planned {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.eventBytes) {
    const error = `The event has ${bytes} bytes; the destination takes ${limits.eventBytes}.`;
    return { kind: "broken", event, error };
  }
  return { kind: "send", event, item: { event, payload, text }, configuration };
}

interface Value {
  readonly value?: unknown;
  readonly error?: string;
}

/** True where there was no filter at all. */
function isTruthy(value: Value | undefined): boolean {
  return value === undefined || (value.error === undefined && value.value === true);
}

async function evaluated(
  rules: Rules,
  kind: "logic" | "transform",
  expression: unknown,
  events: readonly AuditEvent[],
): Promise<Map<AuditEvent, Value>> {
  const values = new Map<AuditEvent, Value>();
  if (expression === null || events.length === 0) return values;
  const inputs = events.map(toWire);
  let results: Value[] | null = null;
  try {
    results = await rules.evaluate(kind, expression, inputs, BATCH_MS);
  } catch (thrown) {
    // One of them took the evaluator down; alone, each shows whether it was that one.
    if (!(thrown instanceof Error)) throw thrown;
  }
  for (const [at, event] of events.entries()) {
    values.set(event, results?.[at] ?? (await evaluatedAlone(rules, kind, expression, inputs[at])));
  }
  return values;
}

async function evaluatedAlone(
  rules: Rules,
  kind: "logic" | "transform",
  expression: unknown,
  input: unknown,
): Promise<Value> {
  try {
    const [result] = await rules.evaluate(kind, expression, [input], ONE_MS);
    return result ?? { error: "no result" };
  } catch (thrown) {
    return { error: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}
