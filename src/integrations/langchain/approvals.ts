import { derivedUuid } from "../../base/derived-uuid.ts";
import { isObject, type JsonValue } from "../../base/json.ts";
import { firstName } from "../../ingest/values.ts";
import { BoundedMap } from "../bounded-map.ts";
import { approvalDecision, approvalRequest } from "../drafts.ts";
import type { Place, Recorder } from "../recorder.ts";
import { type Payload, payloadOf, type Wanted } from "./payload.ts";

interface Asked extends Wanted {
  readonly approvalId: string;
}

/** LangGraph's interrupts, which ask, and what a graph is resumed with, which answers. */
export class Approvals {
  readonly #recorder: Recorder;
  readonly #asked = new BoundedMap<string, Asked[]>();
  readonly #allowed = new BoundedMap<string, string>();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  /** True where the error is no failure but a question. `wanted`: the calls that the model asked for. */
  ask(error: unknown, thread: string, wanted: readonly Wanted[], place: Place): boolean {
    const { interrupts } = payloadOf(error);
    if (!Array.isArray(interrupts)) return false;
    const known = this.#asked.get(thread) ?? [];
    const asked = interrupts.filter(isObject).flatMap((interrupt) => questionsOf(interrupt, wanted));
    for (const question of asked) {
      // A graph inside a graph interrupts both.
      if (known.some(({ approvalId }) => approvalId === question.approvalId)) continue;
      known.push(question);
      this.#recorder.tell(approvalRequest(question, question.approvalId), place);
    }
    this.#asked.set(thread, known);
    return true;
  }

  /** A run that begins with the answers to what the thread asked before. */
  answer(input: unknown, thread: string, place: Place): void {
    const { resume, lg_name: name } = payloadOf(input);
    if (resume === undefined || (name !== undefined && name !== "Command")) return;
    const asked = this.#asked.take(thread) ?? [];
    const { decisions } = payloadOf(resume);
    const answers: unknown[] = Array.isArray(decisions) ? decisions : asked.map(() => resume);
    for (const [at, answer] of answers.entries()) {
      const question = asked[at];
      if (question !== undefined) this.#decide(question, payloadOf(answer), place);
    }
  }

  /** The approval under which a call runs. */
  under(callId: string | undefined): string | undefined {
    return callId === undefined ? undefined : this.#allowed.take(callId);
  }

  #decide(question: Asked, answer: Payload, place: Place): void {
    const { approvalId, callId } = question;
    const approved = answer.type !== "reject" && answer.type !== "ignore";
    const reason = firstName(answer, ["message", "reason"]);
    const edited = payloadOf(answer.editedAction ?? answer.edited_action);
    const call = edited.args === undefined ? question : { ...question, args: edited.args };
    this.#recorder.tell(approvalDecision(call, { approved, reason, approvalId }), place);
    if (approved) {
      if (callId !== undefined) this.#allowed.set(callId, approvalId);
      return;
    }
    // It never runs, so nothing else tells of it.
    const { tool, args } = question;
    this.#recorder.tellCall({ tool, callId, args }, { status: "denied", error: reason ?? "denied" }, place);
  }
}

function questionsOf(interrupt: Payload, wanted: readonly Wanted[]): Asked[] {
  const value = payloadOf(interrupt.value);
  const actions = Array.isArray(value.actionRequests ?? value.action_requests)
    ? ((value.actionRequests ?? value.action_requests) as unknown[]).filter(isObject)
    : [];
  const id = (at: number) => derivedUuid(["langgraph", "interrupt", String(interrupt.id), at]);
  if (actions.length === 0)
    return [{ tool: "interrupt", args: interrupt.value as JsonValue, approvalId: id(0) }];
  return actions.map((action, at) => {
    const tool = firstName(action, ["name", "action"]) ?? "unknown";
    const args = action.args ?? action.arguments;
    const same = wanted.find((call) => call.tool === tool && isSame(call.args, args));
    return { tool, args, callId: same?.callId, approvalId: id(at) };
  });
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
