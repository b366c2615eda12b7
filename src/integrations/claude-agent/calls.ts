import { isObject } from "../../base/json.ts";
import { firstName, oneLine } from "../../ingest/values.ts";
import { BoundedMap } from "../bounded-map.ts";

export type Payload = Readonly<Record<string, unknown>>;

/** How a call was decided that a person, or who stands for him, was asked for. */
export interface Answer {
  /** The payload of the question. */
  readonly asked: Payload;
  readonly decision: string;
  readonly source: string | undefined;
}

const STARTS = new Set(["PreToolUse"]);
const ENDS = new Set(["PostToolUse", "PostToolUseFailure", "PermissionDenied"]);
/** What Claude Code writes for the model where it had begun, after the words of a refusal. */
const STOPPED = /this call was stopped while running|^\[Request interrupted/;

/**
 * The calls that have begun. Claude Code has no hook for the end of a call that `canUseTool` refused, in words that are
 * anybody's, nor for one that an interrupt stopped: the batch and the messages tell, to those who know what is open.
 */
export class OpenCalls {
  readonly #open = new BoundedMap<string, Payload>();
  readonly #asked = new BoundedMap<string, Payload>();

  /** One hook; gives the hooks that are missing for the calls that it ends. */
  hears(input: Payload, toolUseId: string | undefined): Payload[] {
    const name = firstName(input, ["hook_event_name"]) ?? "";
    const id = firstName(input, ["tool_use_id"]) ?? toolUseId;
    if (name === "PostToolBatch") return calls(input.tool_calls).flatMap((call) => this.#refused(call));
    if (id === undefined) return [];
    if (STARTS.has(name)) this.#open.set(id, input);
    else if (ENDS.has(name)) this.#open.delete(id);
    else if (name === "PermissionRequest") this.#asked.set(id, { ...input, tool_use_id: id });
    return [];
  }

  /** One message of a query: results of calls, and since 2.1.330 how each was decided. */
  sees(message: Payload): { missing: Payload[]; answers: Answer[] } {
    const said = isObject(message.message) ? calls(message.message.content) : [];
    const meta = new Map(calls(message.tool_result_meta).map((each) => [each.id, each]));
    const missing = said.flatMap((result) => this.#stopped(result, meta.get(result.tool_use_id)));
    return { missing, answers: [...meta.values()].flatMap((each) => this.#answer(each)) };
  }

  #refused({ tool_use_id: id, tool_response: response }: Payload): Payload[] {
    const begun = this.#open.take(String(id));
    return begun === undefined ? [] : [denied(begun, wordsOf(response))];
  }

  #stopped({ tool_use_id: id, is_error: isError, content }: Payload, meta: Payload | undefined): Payload[] {
    const begun = isError === true ? this.#open.take(String(id)) : undefined;
    if (begun === undefined) return [];
    const words = wordsOf(content);
    if (STOPPED.test(words))
      return [{ ...begun, hook_event_name: "PostToolUseFailure", error: "interrupted", is_interrupt: true }];
    return meta?.non_execution_kind !== undefined || decisionOf(meta)?.decision === "reject"
      ? [denied(begun, words)]
      : [{ ...begun, hook_event_name: "PostToolUseFailure", error: words }];
  }

  #answer(meta: Payload): Answer[] {
    const decided = decisionOf(meta);
    const asked = decided === undefined ? undefined : this.#asked.take(String(meta.id));
    return asked === undefined || decided === undefined ? [] : [{ asked, ...decided }];
  }
}

function calls(value: unknown): Payload[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function denied(begun: Payload, reason: string): Payload {
  return { ...begun, hook_event_name: "PermissionDenied", reason };
}

function decisionOf(meta: Payload | undefined): { decision: string; source: string | undefined } | undefined {
  const said = meta?.permission_decision;
  const decision = isObject(said) ? firstName(said, ["decision"]) : undefined;
  return isObject(said) && decision !== undefined
    ? { decision, source: firstName(said, ["source"]) }
    : undefined;
}

function wordsOf(content: unknown): string {
  if (typeof content === "string") return content;
  const texts = calls(content).flatMap(({ text }) => (typeof text === "string" ? [text] : []));
  return texts.join("\n") || oneLine(JSON.stringify(content ?? ""));
}
