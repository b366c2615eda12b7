import { derivedUuid } from "../../base/derived-uuid.ts";
import { isObject } from "../../base/json.ts";
import { firstName } from "../../ingest/values.ts";
import { BoundedMap } from "../bounded-map.ts";
import { approvalDecision, approvalRequest } from "../drafts.ts";
import type { Place, Recorder } from "../recorder.ts";
import { argsOf, type ToolCall } from "./spans.ts";

interface Asked {
  readonly tool: string;
  readonly callId: string;
  readonly args: unknown;
  readonly approvalId: string;
  readonly place: Place;
}

type Item = Readonly<Record<string, unknown>>;

/** What a run stops for, and what its state says when it goes on. No span and no hook tells of either. */
export class Approvals {
  readonly #recorder: Recorder;
  readonly #placeIn: (trace: string, agent: string | undefined) => Place;
  readonly #asked = new BoundedMap<string, Asked>();
  /** Every question that was told: a result may be looked at twice. */
  readonly #known = new BoundedMap<string, true>();
  readonly #streaming = new Set<unknown>();
  readonly #decided = new BoundedMap<string, Asked & { readonly approved: boolean }>();

  constructor(recorder: Recorder, placeIn: (trace: string, agent: string | undefined) => Place) {
    this.#recorder = recorder;
    this.#placeIn = placeIn;
  }

  /** The result of a run, which may be a question. */
  ask(result: unknown): void {
    const { interruptions, state } = isObject(result) ? result : {};
    if (!Array.isArray(interruptions)) return;
    const trace =
      isObject(state) && isObject(state._trace) ? firstName(state._trace, ["traceId"]) : undefined;
    for (const interruption of interruptions.filter(isObject)) {
      const call = isObject(interruption.rawItem) ? interruption.rawItem : {};
      const callId = firstName(call, ["callId", "id"]);
      if (callId === undefined) continue;
      const approvalId = derivedUuid([
        "openai-agents",
        "approval",
        trace ?? "",
        callId,
        String(call.arguments),
      ]);
      if (this.#known.has(approvalId)) continue;
      this.#known.set(approvalId, true);
      const agent = isObject(interruption.agent) ? firstName(interruption.agent, ["name"]) : undefined;
      const asked: Asked = {
        tool: firstName(call, ["name"]) ?? "unknown",
        callId,
        args: argsOf(call.arguments),
        approvalId,
        place: trace === undefined ? (agent === undefined ? {} : { agent }) : this.#placeIn(trace, agent),
      };
      this.#asked.set(approvalId, asked);
      this.#recorder.tell(approvalRequest(asked, asked.approvalId), asked.place);
    }
  }

  /** A result that streams has its questions when it is complete, which may be told to its owner first. */
  watch(result: unknown): void {
    const { completed } = isObject(result) ? result : {};
    if (completed === undefined) {
      this.ask(result);
      return;
    }
    this.#streaming.add(result);
    const look = (): void => {
      if (this.#streaming.delete(result))
        this.#recorder.guard("openai-agents questions", () => this.ask(result));
    };
    Promise.resolve(completed).then(look, look);
  }

  /** What a run goes on with: a state that knows the decisions. */
  answer(input: unknown): void {
    for (const result of this.#streaming) this.ask(result);
    const context = isObject(input) && isObject(input._context) ? input._context : undefined;
    const isApproved = context?.isToolApproved;
    if (context === undefined || typeof isApproved !== "function") return;
    const trace = traceOf(input);
    for (const asked of [...this.#asked.values()]) {
      // What is approved for good in one run says nothing of another.
      if (trace !== undefined && asked.place.runId !== trace) continue;
      const approved: unknown = isApproved.call(context, { toolName: asked.tool, callId: asked.callId });
      if (typeof approved !== "boolean") continue;
      this.#asked.delete(asked.approvalId);
      this.#decided.set(asked.callId, { ...asked, approved });
      const reason = approved ? undefined : reasonIn(context, asked);
      this.#recorder.tell(
        approvalDecision(asked, { approved, reason, approvalId: asked.approvalId }),
        asked.place,
      );
    }
  }

  /** The approval under which a call runs. */
  under(callId: string | undefined): string | undefined {
    const decided = callId === undefined ? undefined : this.#decided.get(callId);
    return decided?.approved === true ? decided.approvalId : undefined;
  }

  /** The refused call of which a span tells without naming it but in its error. */
  refused(error: string): ToolCall | undefined {
    const found = [...this.#decided.values()].find(
      ({ callId, approved }) => !approved && error.includes(callId),
    );
    if (found === undefined) return undefined;
    this.#decided.delete(found.callId);
    return { callId: found.callId, args: found.args };
  }
}

function traceOf(state: unknown): string | undefined {
  return isObject(state) && isObject(state._trace) ? firstName(state._trace, ["traceId"]) : undefined;
}

function reasonIn(context: Item, { tool, callId }: Asked): string | undefined {
  const { getRejectionMessage: reason } = context;
  const said: unknown = typeof reason === "function" ? reason.call(context, tool, callId) : undefined;
  return typeof said === "string" && said !== "" ? said : undefined;
}
