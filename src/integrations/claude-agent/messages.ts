import { isObject } from "../../base/json.ts";
import type { EventDraft, Usage } from "../../event/event.ts";
import { countOf, decimalOf, firstName } from "../../ingest/values.ts";
import { BoundedMap } from "../bounded-map.ts";
import { modelDraft } from "../drafts.ts";
import type { Recorder } from "../recorder.ts";
import type { Payload } from "./calls.ts";

interface Counts {
  readonly input: number;
  readonly output: number;
  readonly thinking: number;
  readonly cached: number;
  readonly costUsd: number;
}

/**
 * What a query yields. Only its results have whole counts (a message of the model repeats those of its
 * beginning), per model: one event for each model, with what is new in the result.
 */
export class Messages {
  readonly #recorder: Recorder;
  /** Told each message with results of calls. */
  readonly #onResults: (message: Payload) => void;
  readonly #seen = new WeakSet<object>();
  /** The prompt that each session works on, which is what its hooks call a run. */
  readonly #prompts = new BoundedMap<string, string>();
  readonly #before = new BoundedMap<string, Counts>();

  constructor(recorder: Recorder, onResults: (message: Payload) => void) {
    this.#recorder = recorder;
    this.#onResults = onResults;
  }

  /** What a hook says of where its session is. */
  hears(input: Payload): void {
    const session = firstName(input, ["session_id"]);
    const prompt = firstName(input, ["prompt_id"]);
    if (session !== undefined && prompt !== undefined) this.#prompts.set(session, prompt);
  }

  watch(query: AsyncIterable<unknown>): void {
    const iterate = query[Symbol.asyncIterator].bind(query);
    const look = <T>(step: IteratorResult<T>): IteratorResult<T> => {
      this.#recorder.guard("claude-agent message", () => this.#look(step.value));
      return step;
    };
    // A query is its own iterator, or has one within; either way each message is looked at once.
    if ("next" in query && typeof query.next === "function") {
      const next = query.next.bind(query) as (...args: unknown[]) => Promise<IteratorResult<unknown>>;
      query.next = async (...args: unknown[]) => look(await next(...args));
    }
    query[Symbol.asyncIterator] = () => {
      const inner = iterate();
      if (inner === (query as unknown)) return inner;
      const next = inner.next.bind(inner);
      inner.next = async (...args) => look(await next(...args));
      return inner;
    };
  }

  #look(message: unknown): void {
    if (!isObject(message) || this.#seen.has(message)) return;
    this.#seen.add(message);
    if (message.type === "user") this.#onResults(message);
    if (message.type !== "result") return;
    const { model_usage_since_last_result: recent, modelUsage: whole } = message;
    for (const [model, said] of Object.entries(isObject(recent) ? recent : isObject(whole) ? whole : {})) {
      if (isObject(said))
        this.#tell(message, model, isObject(recent) ? countsOf(said) : this.#new(message, model, said));
    }
  }

  /** Older versions say only what it is since the session began. */
  #new(result: Payload, model: string, said: Payload): Counts {
    const key = `${firstName(result, ["session_id"])} ${model}`;
    const now = countsOf(said);
    const before = this.#before.get(key);
    this.#before.set(key, now);
    if (before === undefined || now.output < before.output || now.input < before.input) return now;
    return {
      input: now.input - before.input,
      output: now.output - before.output,
      thinking: Math.max(0, now.thinking - before.thinking),
      cached: Math.max(0, now.cached - before.cached),
      costUsd: Math.max(0, now.costUsd - before.costUsd),
    };
  }

  #tell(result: Payload, model: string, counts: Counts): void {
    const { input, output, thinking, cached, costUsd } = counts;
    if (input === 0 && output === 0) return;
    const session = firstName(result, ["session_id"]) ?? "";
    const usage: Usage = { input, output, cached, ...(thinking > 0 ? { thinking } : {}) };
    const draft: EventDraft = {
      ...modelDraft({ model, usage, durationMs: countOf(result, ["duration_api_ms"]) }),
      source: "sdk",
      origin: "claude-code",
      app: "claude-code",
      agent: "claude-code",
      costUsd: decimalOf({ costUsd }, ["costUsd"]) ?? null,
      conversationId: session || null,
      runId: (this.#prompts.get(session) ?? session) || null,
      data: {
        turns: countOf(result, ["num_turns"]) ?? null,
        stop: firstName(result, ["stop_reason", "subtype"]) ?? null,
        is_error: result.is_error === true,
      },
    };
    this.#recorder.relay([draft], { knowsAgent: true });
  }
}

/** Anthropic's input leaves the cache aside; an event's counts all that was read. */
function countsOf(said: Payload): Counts {
  const count = (key: string): number => countOf(said, [key]) ?? 0;
  const cached = count("cacheReadInputTokens");
  return {
    input: count("inputTokens") + cached + count("cacheCreationInputTokens"),
    output: count("outputTokens"),
    thinking: count("thinkingTokens"),
    cached,
    costUsd: typeof said.costUSD === "number" ? said.costUSD : 0,
  };
}
