import { AsyncLocalStorage } from "node:async_hooks";
import { isObject } from "../../base/json.ts";
import { BoundedMap } from "../bounded-map.ts";
import { type Payload, partsOf, payloadOf } from "./payload.ts";
import type { AiSdkRuns, RunKey } from "./runs.ts";

const GOING_MAX = 1_000;

/** The start of a run of version 6, which names it nowhere. */
interface Begun {
  readonly event: unknown;
  readonly functionId: unknown;
  readonly metadata: unknown;
}

/**
 * The run goes along with the asynchronous context in which it began. A store of its own: what it holds is
 * there too long for `surroundings()`, in code after the run.
 */
const current = new AsyncLocalStorage<Begun>();

/**
 * Finds the run that an event belongs to: by its id in version 7; in version 6 by the context, and where a
 * callback of the user's or a stream has lost it, by what the events of one run share. Where two runs would
 * fit, neither is chosen: an event outside of any run misleads nobody.
 */
export class RunFinder {
  readonly #runs: AiSdkRuns;
  readonly #going = new Set<Begun>();
  readonly #byResponse = new BoundedMap<string, RunKey>();
  readonly #byMessage = new WeakMap<object, RunKey>();

  constructor(runs: AiSdkRuns) {
    this.#runs = runs;
  }

  begins(given: unknown): RunKey {
    const event = payloadOf(given);
    if (typeof event.callId === "string") return event.callId;
    const begun = this.#sharedBy(given) ?? {
      event: given,
      functionId: event.functionId,
      metadata: event.metadata,
    };
    current.enterWith(begun);
    this.#going.add(begun);
    // Version 6 does not tell of runs that fail: they would be kept for ever.
    const [oldest] = this.#going;
    if (this.#going.size > GOING_MAX && oldest !== undefined) this.#going.delete(oldest);
    return begun;
  }

  /** Several integrations hear of one start, one after the other. */
  #sharedBy(given: unknown): Begun | undefined {
    const known = current.getStore();
    return known?.event === given ? known : undefined;
  }

  ends(key: RunKey): void {
    this.#going.delete(key as Begun);
  }

  of(event: Payload): RunKey {
    if (typeof event.callId === "string") return event.callId;
    const key = this.#found(event) ?? event;
    const [message] = partsOf(event.messages);
    const { id } = payloadOf(event.response);
    if (message !== undefined) this.#byMessage.set(message, key);
    if (typeof id === "string") this.#byResponse.set(id, key);
    return key;
  }

  #found(event: Payload): RunKey | undefined {
    const around = current.getStore();
    if (around !== undefined && this.#going.has(around)) return around;
    const { id } = payloadOf(event.response);
    const byResponse = typeof id === "string" ? this.#byResponse.get(id) : undefined;
    if (byResponse !== undefined) return byResponse;
    const [message] = Array.isArray(event.messages) ? (event.messages as unknown[]) : [];
    const byMessage = isObject(message) ? this.#byMessage.get(message) : undefined;
    if (byMessage !== undefined && this.#runs.has(byMessage)) return byMessage;
    const alike = [...this.#going].filter(
      ({ functionId, metadata }) => functionId === event.functionId && metadata === event.metadata,
    );
    return alike.length === 1 ? alike[0] : undefined;
  }
}
