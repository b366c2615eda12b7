import { derivedUuid } from "../../base/derived-uuid.ts";
import { isObject, type JsonValue } from "../../base/json.ts";
import { firstName, isDenied } from "../../ingest/values.ts";
import { BoundedMap } from "../bounded-map.ts";
import { approvalDecision, approvalRequest } from "../drafts.ts";
import type { Place, Recorder } from "../recorder.ts";
import { type Payload, payloadOf, type Wanted } from "./payload.ts";

interface Asked extends Wanted {
  readonly approvalId: string;
  /** What was asked, where it is more than the call. */
  readonly question?: unknown;
  /** The call asks itself: it runs anew with the answer, whatever that is. */
  readonly fromInside?: true;
}

/** LangGraph's interrupts, which ask, and what a graph is resumed with, which answers. */
export class Approvals {
  readonly #recorder: Recorder;
  readonly #asked = new BoundedMap<string, Asked[]>();
  readonly #allowed = new BoundedMap<string, string>();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  /**
   * True where the error is no failure but a question. `wanted`: the calls that the model asked for; `call`: the
   * one that asks.
   */
  ask(error: unknown, thread: string, wanted: readonly Wanted[], place: Place, call?: Wanted): boolean {
    const { interrupts } = payloadOf(error);
    if (!Array.isArray(interrupts)) return false;
    const known = this.#asked.get(thread) ?? [];
    const asked = interrupts.filter(isObject).flatMap((interrupt) => questionsOf(interrupt, wanted, call));
    for (const question of asked) {
      // A graph inside a graph interrupts both.
      if (known.some(({ approvalId }) => approvalId === question.approvalId)) continue;
      known.push(question);
      const { question: said } = question;
      const draft = approvalRequest(question, question.approvalId);
      const data = said === undefined ? draft.data : { ...draft.data, question: said };
      this.#recorder.tell({ ...draft, ...(data === undefined ? {} : { data }) }, place);
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
      if (question !== undefined) this.#decide(question, answer, place);
    }
  }

  /** The approval under which a call runs. */
  under(callId: string | undefined): string | undefined {
    return callId === undefined ? undefined : this.#allowed.take(callId);
  }

  #decide(question: Asked, given: unknown, place: Place): void {
    const { approvalId, callId } = question;
    const answer = payloadOf(Array.isArray(given) ? given[0] : given);
    const approved = isYes(given, answer);
    const reason = firstName(answer, ["message", "reason"]);
    const edited = payloadOf(answer.editedAction ?? answer.edited_action);
    const call = edited.args === undefined ? question : { ...question, args: edited.args };
    this.#recorder.tell(approvalDecision(call, { approved, reason, approvalId }), place);
    if (approved) {
      if (callId !== undefined) this.#allowed.set(callId, approvalId);
      return;
    }
    if (question.fromInside === true) return;
    // It never runs, so nothing else tells of it.
    const { tool, args } = question;
    this.#recorder.tellCall({ tool, callId, args }, { status: "denied", error: reason ?? "denied" }, place);
  }
}

/** Whatever a program takes for an answer: a word, a truth value, what LangChain's own middlewares send. */
function isYes(given: unknown, answer: Payload): boolean {
  if (typeof given === "boolean") return given;
  const said = [answer.approved, answer.approve, answer.accepted].find((each) => typeof each === "boolean");
  if (typeof said === "boolean") return said;
  const word = typeof given === "string" ? given : firstName(answer, ["type", "decision", "action"]);
  return word === undefined || !(isDenied(word.trim()) || /^(?:no|n|false|ignore)$/i.test(word.trim()));
}

function questionsOf(interrupt: Payload, wanted: readonly Wanted[], call: Wanted | undefined): Asked[] {
  const given = Array.isArray(interrupt.value)
    ? interrupt.value.filter(isObject)
    : [payloadOf(interrupt.value)];
  const actions = given.flatMap((value) =>
    [value.actionRequests ?? value.action_requests ?? value.action_request ?? []].flat().filter(isObject),
  );
  const id = (at: number) =>
    derivedUuid(["langgraph", "interrupt", String(interrupt.id ?? interrupt.ns), at]);
  const inside = call === undefined ? {} : { fromInside: true as const };
  if (actions.length === 0) {
    const asks = call ?? { tool: "interrupt", args: interrupt.value as JsonValue };
    return [{ ...asks, ...inside, approvalId: id(0), ...(call ? { question: interrupt.value } : {}) }];
  }
  return actions.map((action, at) => {
    const tool = firstName(action, ["name", "action"]) ?? "unknown";
    const args = action.args ?? action.arguments;
    const same = [...wanted, ...(call ? [call] : [])].findLast(
      (each) => each.tool === tool && isSame(each.args, args),
    );
    return { tool, args, callId: same?.callId, approvalId: id(at), ...inside };
  });
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
