import { AsyncLocalStorage } from "node:async_hooks";

/** What is going on around the code that runs: what it records belongs to these. */
export interface Surroundings {
  /** The event of the tool call or run that it is nested under. */
  readonly parentId?: string | undefined;
  readonly runId?: string | undefined;
  readonly threadId?: string | undefined;
  readonly agent?: string | undefined;
  readonly tenant?: string | undefined;
  readonly environment?: string | undefined;
}

/** For what must bind it to a place that is not a function, such as a diagnostics channel. */
export const surroundingsStorage = new AsyncLocalStorage<Surroundings>();

/** Runs `work` within the surroundings, on top of those around it. */
export function within<T>(surroundings: Surroundings, work: () => T): T {
  return surroundingsStorage.run({ ...surroundingsStorage.getStore(), ...surroundings }, work);
}

export function surroundings(): Surroundings {
  return surroundingsStorage.getStore() ?? {};
}
