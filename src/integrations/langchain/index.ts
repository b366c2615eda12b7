import { isObject, type JsonValue } from "../../base/json.ts";
import { uuidv7 } from "../../base/uuid.ts";
import { failureIn } from "../../ingest/otlp/outcome.ts";
import { providerUsage } from "../../ingest/provider-usage.ts";
import { firstName } from "../../ingest/values.ts";
import { BoundedMap } from "../bounded-map.ts";
import { modelDraft } from "../drafts.ts";
import { type AdapterOptions, type Open, type Place, Recorder, type Run, type Target } from "../recorder.ts";
import { Approvals } from "./approvals.ts";
import {
  answerOf,
  argsOf,
  isAgent,
  isSignal,
  type Payload,
  payloadOf,
  placeOf,
  resultOf,
  type Wanted,
  wantedIn,
} from "./payload.ts";
import { WantedCalls } from "./wanted.ts";

export type { AdapterOptions, Target };

const NAMES = { source: "langchain", origin: "langchain" };
const HIDDEN = "langsmith:hidden";

type Ids = readonly [id: string, parent: string | undefined];

/** One run of LangChain's, of whatever kind. */
interface Known {
  /** Where what happens inside it belongs. */
  readonly inside: Place;
  readonly root: string;
  readonly agent?: Run;
  readonly call?: Open;
  /** What the call was asked to do. */
  readonly asked?: Wanted;
  /** A step of a graph, told when it ends under the id that its children name. */
  readonly step?: { readonly id: string; readonly name: string; readonly above: Place };
  readonly model?: string | undefined;
  readonly atMs: number;
}

/** The handlers that LangChain and LangGraph take as one of their `callbacks`. */
export interface LangChainHandler {
  /** Starts are recorded before what they start. */
  readonly awaitHandlers: true;
  handleChainStart(chain: unknown, inputs: unknown, id: string, parent?: string, ...more: unknown[]): void;
  handleChainEnd(outputs: unknown, id: string, ...more: unknown[]): void;
  handleChainError(error: unknown, id: string, ...more: unknown[]): void;
  handleToolStart(tool: unknown, input: string, id: string, parent?: string, ...more: unknown[]): void;
  handleToolEnd(output: unknown, id: string, ...more: unknown[]): void;
  handleToolError(error: unknown, id: string, ...more: unknown[]): void;
  handleLLMStart(model: unknown, prompts: unknown, id: string, parent?: string, ...more: unknown[]): void;
  handleChatModelStart(
    model: unknown,
    messages: unknown,
    id: string,
    parent?: string,
    ...more: unknown[]
  ): void;
  handleLLMEnd(output: unknown, id: string, ...more: unknown[]): void;
  handleLLMError(error: unknown, id: string, ...more: unknown[]): void;
  handleRetrieverStart(
    retriever: unknown,
    query: string,
    id: string,
    parent?: string,
    ...more: unknown[]
  ): void;
  handleRetrieverEnd(documents: unknown, id: string, ...more: unknown[]): void;
  handleRetrieverError(error: unknown, id: string, ...more: unknown[]): void;
}

/**
 * A callback handler for LangChain and LangGraph: `agent.invoke(input, { callbacks: [recordLangChain(trail)] })`.
 * Runs and the agents inside them, steps of a graph, model calls with tokens, tool calls with the model's id of
 * the call, questions and their answers. Never throws into the agent.
 *
 * @see https://docs.langchain.com/oss/javascript/langchain/overview
 */
export function recordLangChain(trail: Target, options: AdapterOptions = {}): LangChainHandler {
  const recorder = new Recorder(trail, NAMES, options);
  const runs = new Runs(recorder);
  const guard = (what: string, work: () => void): void => void recorder.guard(`langchain ${what}`, work);
  return {
    awaitHandlers: true,
    handleChainStart: (chain, inputs, id, parent, tags, metadata, _type, name) =>
      guard("chain start", () => runs.chain(chain, inputs, [id, parent], tags, payloadOf(metadata), name)),
    handleChainEnd: (outputs, id) => guard("chain end", () => runs.chainEnd(id, outputs)),
    handleChainError: (error, id) => guard("chain error", () => runs.chainFailed(id, error)),
    handleToolStart: (tool, input, id, parent, _tags, _metadata, name, callId) =>
      guard("tool start", () => runs.tool(payloadOf(tool), input, [id, parent], name, callId)),
    handleToolEnd: (output, id) => guard("tool end", () => runs.toolEnd(id, output)),
    handleToolError: (error, id) => guard("tool error", () => runs.toolFailed(id, error)),
    handleLLMStart: (_model, _prompts, id, parent, extra, _tags, metadata) =>
      guard("model start", () => runs.model([id, parent], payloadOf(extra), payloadOf(metadata))),
    handleChatModelStart: (_model, _messages, id, parent, extra, _tags, metadata) =>
      guard("model start", () => runs.model([id, parent], payloadOf(extra), payloadOf(metadata))),
    handleLLMEnd: (output, id) => guard("model end", () => runs.modelEnd(id, output)),
    handleLLMError: (error, id) => guard("model error", () => runs.modelFailed(id, error)),
    handleRetrieverStart: (_retriever, query, id, parent) =>
      guard("retriever start", () => runs.retriever(query, [id, parent])),
    handleRetrieverEnd: (documents, id) => guard("retriever end", () => runs.retrieverEnd(id, documents)),
    handleRetrieverError: (error, id) => guard("retriever error", () => runs.retrieverEnd(id, [], error)),
  };
}

class Runs {
  readonly #recorder: Recorder;
  readonly #approvals: Approvals;
  readonly #known = new BoundedMap<string, Known>();
  readonly #queries = new BoundedMap<string, string>();
  readonly #wanted = new WantedCalls();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
    this.#approvals = new Approvals(recorder);
  }

  chain(chain: unknown, inputs: unknown, ids: Ids, tags: unknown, metadata: Payload, name: unknown): void {
    const [id, parent] = ids;
    const above = this.#above(parent);
    if (parent === undefined || isAgent(chain)) {
      this.#agent(inputs, ids, above, metadata, typeof name === "string" ? name : undefined);
      return;
    }
    const isHidden = Array.isArray(tags) && tags.includes(HIDDEN);
    const isNode = !isHidden && typeof name === "string" && metadata.langgraph_node === name;
    const root = above?.root ?? id;
    const inside = above?.inside ?? {};
    if (!isNode) {
      this.#known.set(id, { inside, root, atMs: performance.now() });
      return;
    }
    const step = { id: uuidv7(), name, above: inside };
    this.#known.set(id, { inside: { ...inside, parentId: step.id }, root, step, atMs: performance.now() });
  }

  #agent(
    inputs: unknown,
    [id, parent]: Ids,
    above: Known | undefined,
    metadata: Payload,
    name?: string,
  ): void {
    const named = firstName(metadata, ["lc_agent_name", "agent_name"]);
    const place = { ...above?.inside, ...placeOf(metadata) };
    const agent = named ?? (name === "LangGraph" ? undefined : name);
    const data = inputs === undefined ? {} : { input: payloadOf(inputs).messages ?? inputs };
    const start = { agent: agent ?? above?.inside.agent ?? undefined, data, place };
    const run =
      above === undefined
        ? this.#recorder.startRun({ ...start, runId: id })
        : this.#recorder.startRunIn(start);
    const root = above?.root ?? id;
    this.#known.set(id, { inside: run.inside, root, agent: run, atMs: run.atMs });
    if (parent === undefined) this.#approvals.answer(inputs, this.#thread(run.inside, root), run.inside);
  }

  chainEnd(id: string, outputs: unknown): void {
    const known = this.#known.take(id);
    if (known?.agent !== undefined) {
      const { messages } = payloadOf(outputs);
      const last = Array.isArray(messages) ? payloadOf(messages.at(-1)) : undefined;
      const output = last === undefined ? outputs : last.content;
      this.#recorder.endRun(known.agent, { data: output === undefined ? {} : { output } });
    } else if (known?.step !== undefined) this.#tellStep(known, undefined);
  }

  chainFailed(id: string, error: unknown): void {
    const known = this.#known.take(id);
    if (known === undefined) return;
    const thread = this.#thread(known.inside, known.root);
    const isQuestion = this.#approvals.ask(error, thread, this.#wanted.in(thread), known.inside);
    const failure = isQuestion || isSignal(error) ? undefined : (error ?? "failed");
    const end = failure === undefined ? {} : { error: failure };
    if (known.agent !== undefined) this.#recorder.endRun(known.agent, end);
    else if (known.step !== undefined) this.#tellStep(known, failure);
  }

  tool(tool: Payload, input: unknown, [id, parent]: Ids, name: unknown, callId: unknown): void {
    const above = this.#above(parent);
    const named = {
      tool: typeof name === "string" && name !== "" ? name : (firstName(tool, ["name"]) ?? "unknown"),
      args: argsOf(input),
    };
    const thread = this.#thread(above?.inside ?? {}, above?.root ?? id);
    const call = {
      ...named,
      // LangChain before 1.0 names no call here.
      callId: typeof callId === "string" ? callId : this.#wanted.claim(thread, named),
    };
    const approvalId = this.#approvals.under(call.callId);
    const open = this.#recorder.startCall({ ...call, approvalId }, above?.inside);
    const inside = { ...above?.inside, parentId: open.id };
    this.#known.set(id, { inside, root: above?.root ?? id, call: open, asked: call, atMs: open.atMs });
  }

  toolEnd(id: string, output: unknown): void {
    const known = this.#known.take(id);
    if (known?.call === undefined) return;
    const failure = failureIn(output as JsonValue);
    const result = resultOf(output);
    this.#recorder.endCall(known.call, failure === undefined ? { result } : { error: failure });
    this.#tellHandoff(output, known.inside);
  }

  toolFailed(id: string, error: unknown): void {
    const known = this.#known.take(id);
    if (known?.call === undefined) return;
    const thread = this.#thread(known.inside, known.root);
    // A tool that asks ends here, and runs anew when it is answered.
    const isQuestion = this.#approvals.ask(error, thread, [], known.inside, known.asked) || isSignal(error);
    this.#recorder.endCall(
      known.call,
      isQuestion ? { data: { interrupted: true } } : { error: error ?? "failed" },
    );
  }

  model([id, parent]: Ids, extra: Payload, metadata: Payload): void {
    const above = this.#above(parent);
    const asked = payloadOf(extra.invocation_params);
    const model = firstName(metadata, ["ls_model_name"]) ?? firstName(asked, ["model", "model_name"]);
    const inside = above?.inside ?? placeOf(metadata);
    this.#known.set(id, { inside, root: above?.root ?? id, model, atMs: performance.now() });
  }

  modelEnd(id: string, output: unknown): void {
    const known = this.#known.take(id);
    const { message, text, usage } = answerOf(output);
    const said = payloadOf(message.response_metadata);
    this.#wanted.add(this.#thread(known?.inside ?? {}, known?.root ?? id), wantedIn(message));
    const finish = firstName(said, ["finish_reason", "stop_reason"]);
    this.#recorder.tell(
      modelDraft({
        model: firstName(said, ["model_name", "model"]) ?? known?.model,
        usage: providerUsage(usage),
        durationMs: known === undefined ? undefined : Math.round(performance.now() - known.atMs),
        data: {
          ...(text === undefined ? {} : { output: text }),
          ...(finish === undefined ? {} : { finish_reason: finish }),
        },
      }),
      known?.inside,
    );
  }

  modelFailed(id: string, error: unknown): void {
    const known = this.#known.take(id);
    const durationMs = known === undefined ? undefined : Math.round(performance.now() - known.atMs);
    this.#recorder.tell(
      modelDraft({ model: known?.model, error: error ?? "failed", durationMs }),
      known?.inside,
    );
  }

  retriever(query: string, [id, parent]: Ids): void {
    const above = this.#above(parent);
    this.#queries.set(id, query);
    this.#known.set(id, { inside: above?.inside ?? {}, root: above?.root ?? id, atMs: performance.now() });
  }

  retrieverEnd(id: string, documents: unknown, error?: unknown): void {
    const known = this.#known.take(id);
    const count = Array.isArray(documents) ? documents.length : 0;
    const draft = modelDraft({ model: undefined, error });
    this.#recorder.tell(
      {
        ...draft,
        type: "retrieval.query",
        category: "run",
        durationMs: known === undefined ? null : Math.round(performance.now() - known.atMs),
        summary: error === undefined ? `${count} documents found` : (draft.summary ?? null),
        data: { input: this.#queries.take(id) ?? null, documents: count },
      },
      known?.inside,
    );
  }

  /** LangGraph's way of handing over: a tool that answers with where to go. */
  #tellHandoff(output: unknown, inside: Place): void {
    const { lg_name: name, graph, goto } = payloadOf(output);
    if (name !== "Command" || graph !== "__parent__") return;
    const [to] = Array.isArray(goto) ? goto : [goto];
    const agent = isObject(to) ? firstName(to, ["node"]) : to;
    if (typeof agent !== "string") return;
    this.#recorder.tell(
      {
        type: "agent.handoff",
        category: "run",
        phase: "completed",
        status: "ok",
        summary: `${inside.agent ?? "agent"} → ${agent}`,
        data: { from_agent: inside.agent ?? null, to_agent: agent },
      },
      inside,
    );
  }

  #tellStep({ step, atMs }: Known, error: unknown): void {
    if (step === undefined) return;
    const { status, severity, error: text } = modelDraft({ model: undefined, error });
    this.#recorder.tell(
      {
        id: step.id,
        type: "agent.step",
        category: "run",
        phase: "completed",
        status: status ?? "ok",
        severity: severity ?? "INFO",
        error: text ?? null,
        durationMs: Math.round(performance.now() - atMs),
        summary: step.name,
        data: {},
      },
      step.above,
    );
  }

  #above(parent: string | undefined): Known | undefined {
    return parent === undefined ? undefined : this.#known.get(parent);
  }

  /** Questions are answered in another run of the same thread. */
  #thread({ threadId }: Place, root: string): string {
    return threadId ?? root;
  }
}
