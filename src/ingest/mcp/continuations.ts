import { hash } from "node:crypto";
import type { Micros } from "../../base/clock.ts";
import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { firstName } from "../values.ts";
import { keyOf, type Members } from "./message.ts";
import { anyRequest, askedIn, operationOf } from "./operations.ts";
import { resultOutcome } from "./outcome.ts";
import { bounded, kept, type Pending, type PendingTable } from "./pending.ts";
import type { Teller } from "./teller.ts";

const INPUTS_MAX = 1_000;

/**
 * Requests that one answer does not end: a call that became a task, and, where servers hold no state
 * (2026-07-28), one whose answer is questions, and which is made again with the answers to them. Both
 * may go on over another connection, so they are kept for all of them.
 */
export class Continuations {
  readonly #table: PendingTable;
  readonly #teller: Teller;

  constructor(table: PendingTable, teller: Teller) {
    this.#table = table;
    this.#teller = teller;
  }

  /** The request that this one goes on with, if it does. */
  resumed(method: string, params: Members): Pending | undefined {
    const { taskId, inputResponses, requestState } = params;
    if (method === "tasks/result")
      return typeof taskId === "string" ? this.#table.take(taskKey(taskId)) : undefined;
    if (inputResponses === undefined && requestState === undefined) return undefined;
    return this.#table.take(retryKey(askedIn(method, params), requestState));
  }

  /** What a retry answers to the questions. */
  answered(pending: Pending, { inputResponses }: Members, at: Micros): EventDraft[] {
    const given = isObject(inputResponses) ? Object.entries(inputResponses).slice(0, INPUTS_MAX) : [];
    return given.flatMap(([name, response]) => {
      const question = this.#table.take(inputKey(pending, name));
      return question === undefined
        ? []
        : this.#teller.completed(question, resultOutcome(question.method, response as JsonValue), at);
    });
  }

  /**
   * Whether the request goes on behind this answer: then what the answer asks is told, and `isKept` says
   * whether there was room to remember it all.
   */
  goesOn(
    pending: Pending,
    result: JsonValue,
    at: Micros,
  ): { drafts: EventDraft[]; isKept: boolean } | undefined {
    if (!isObject(result)) return undefined;
    if (result.resultType === "input_required") return this.#asked(pending, result, at);
    const { taskId } = isObject(result.task) ? result.task : result.resultType === "task" ? result : {};
    if (pending.method !== "tools/call" || typeof taskId !== "string") return undefined;
    return { drafts: [], isKept: this.#table.add(taskKey(taskId), pending) };
  }

  #asked(pending: Pending, result: JsonObject, at: Micros): { drafts: EventDraft[]; isKept: boolean } {
    const inputs = isObject(result.inputRequests) ? Object.entries(result.inputRequests) : [];
    let isKept = this.#table.add(retryKey(pending.asked, result.requestState), pending);
    const drafts = inputs.slice(0, INPUTS_MAX).flatMap(([name, input]) => {
      if (!isObject(input) || typeof input.method !== "string") return [];
      const operation = operationOf(input.method) ?? anyRequest(input.method);
      const subject = operation.subject(isObject(input.params) ? input.params : {});
      const question: Pending = {
        method: kept(input.method),
        from: "server",
        operation,
        label: kept(subject.label),
        asked: "",
        fields: { ...pending.fields, parentId: pending.startId, ...bounded(subject.fields) },
        data: {},
        startId: this.#teller.newId(),
        at,
        progressKey: undefined,
        progress: 0,
      };
      isKept = this.#table.add(inputKey(pending, name), question) && isKept;
      return [this.#teller.started(question, { ...subject.data, input: name }, name, {})];
    });
    return { drafts, isKept };
  }

  /** A task that can give no result any more. */
  failed({ taskId, status, ...said }: Members, at: Micros): EventDraft[] {
    if (typeof taskId !== "string" || (status !== "failed" && status !== "cancelled")) return [];
    const pending = this.#table.take(taskKey(taskId));
    if (pending === undefined) return [];
    const error = firstName(said, ["statusMessage"]) ?? `the task ${status}`;
    return this.#teller.completed(pending, { status: "error", error, data: { task_status: status } }, at);
  }
}

function taskKey(taskId: string): string {
  return `task ${keyOf(taskId)}`;
}

/** A retry asks the same, and hands back the server's state. */
function retryKey(asked: string, state: unknown): string {
  return `retry ${asked} ${typeof state === "string" ? hash("sha256", state) : ""}`;
}

function inputKey({ startId }: Pending, name: string): string {
  return `input ${startId ?? ""} ${keyOf(name)}`;
}
