import { isDeepStrictEqual } from "node:util";
import { BoundedMap } from "../bounded-map.ts";
import type { Wanted } from "./payload.ts";

const CALLS_MAX = 100;

/**
 * What models asked for, by thread: an interrupt names no call, a tool of LangChain's before 1.0 neither, and a
 * call that waited for an answer runs anew in another run.
 */
export class WantedCalls {
  readonly #calls = new BoundedMap<string, Wanted[]>();
  readonly #claimed = new WeakSet<Wanted>();

  add(thread: string, wanted: readonly Wanted[]): void {
    if (wanted.length > 0) this.#calls.set(thread, [...this.in(thread), ...wanted].slice(-CALLS_MAX));
  }

  in(thread: string): readonly Wanted[] {
    return this.#calls.get(thread) ?? [];
  }

  /** The id of the call that begins now: of equal ones each has its turn. */
  claim(thread: string, { tool, args }: Wanted): string | undefined {
    const alike = this.in(thread).filter((call) => call.tool === tool && isDeepStrictEqual(call.args, args));
    const found = alike.find((call) => !this.#claimed.has(call)) ?? alike.at(-1);
    if (found !== undefined) this.#claimed.add(found);
    return found?.callId;
  }
}
