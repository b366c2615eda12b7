import type { Micros } from "../base/clock.ts";
import { derivedUuid } from "../base/derived-uuid.ts";
import type { JsonObject, JsonValue } from "../base/json.ts";
import type { EventDraft, Usage } from "../event/event.ts";
import { SHAPES } from "./otlp/operations.ts";
import { resourceOf } from "./resource-of.ts";
import { oneLine } from "./values.ts";

/** One operation of an agent as another program tells it: whole, or only that it began. */
export interface Told {
  /** Which program's ids these are: `langsmith`. */
  readonly door: string;
  readonly trace: string;
  readonly id: string;
  readonly parent: string | undefined;
  readonly operation: keyof typeof SHAPES;
  readonly name: string;
  readonly start: Micros | undefined;
  readonly end: Micros | undefined;
  readonly hasEnded: boolean;
  readonly status: "ok" | "error" | "denied";
  readonly error?: string | undefined;
  readonly call?: {
    readonly tool: string;
    readonly id: string | undefined;
    readonly args: JsonValue | undefined;
    readonly result: JsonValue | undefined;
    readonly server?: string | undefined;
  };
  readonly model?: string | undefined;
  readonly usage?: Usage | undefined;
  readonly costUsd?: string | undefined;
  /** What is known from the start on, and what only the end knows. */
  readonly data: JsonObject;
  readonly endData?: JsonObject;
  readonly common: Partial<EventDraft>;
}

/** The id of the event by which an operation is named, the same at every telling. */
export function toldId({ door, trace, id }: Pick<Told, "door" | "trace" | "id">): string {
  return derivedUuid([door, trace, id]);
}

/**
 * The events of one operation. A tool, an agent and a workflow give a start and an end, which is told
 * again with its start: what comes twice has the same id. The rest is one event, at its end.
 */
export function toldDrafts(told: Told): EventDraft[] {
  const { type, category, paired } = SHAPES[told.operation];
  const started = startOf(told, { type, category });
  if (paired !== true) return told.hasEnded ? [endOf(told, { type, category, id: toldId(told) })] : [];
  if (!told.hasEnded) return [started];
  const id = derivedUuid([told.door, told.trace, told.id, "end"], told.end);
  return [started, endOf(told, { type, category, id, startId: toldId(told) })];
}

type Kind = Pick<EventDraft, "type" | "category">;

function fieldsOf(told: Told): Partial<EventDraft> {
  const { common, call, parent } = told;
  return {
    ...common,
    parentId: parent === undefined ? (common.parentId ?? null) : toldId({ ...told, id: parent }),
    ...(call === undefined
      ? {}
      : {
          tool: call.tool,
          callId: call.id ?? null,
          resource: resourceOf(call.tool, call.args),
          destination: call.server ?? null,
        }),
  };
}

function startOf(told: Told, kind: Kind): EventDraft {
  const { call, data, name, start, end } = told;
  return {
    ...fieldsOf(told),
    ...kind,
    id: toldId(told),
    phase: "started",
    status: "pending",
    occurredAt: start ?? end ?? null,
    summary: oneLine(call === undefined ? name : `${call.tool} starts`, 200),
    data: call?.args === undefined ? data : { ...data, arguments: call.args },
  };
}

function endOf(told: Told, kind: Kind & Pick<EventDraft, "id" | "startId">): EventDraft {
  const { call, status, error, start, end, name } = told;
  const data: JsonObject = { ...told.data, ...told.endData };
  if (call?.args !== undefined) data.arguments = call.args;
  if (call?.result !== undefined) data.result = call.result;
  const said = call === undefined ? name : `${call.tool} ran`;
  return {
    ...fieldsOf(told),
    ...kind,
    phase: "completed",
    status,
    severity: status === "error" ? "ERROR" : status === "denied" ? "WARN" : "INFO",
    occurredAt: end ?? start ?? null,
    durationMs:
      start === undefined || end === undefined || end < start ? null : Math.round((end - start) / 1000),
    model: told.model ?? null,
    usage: told.usage ?? null,
    costUsd: told.costUsd ?? null,
    error: error ?? null,
    summary: oneLine(error === undefined ? said : `${call?.tool ?? name}: ${error}`, 200),
    data,
  };
}
