/**
 * Where an emitter puts its lines. A store is one. Resolves when the lines are durable; rejects
 * when that is not known, and then the same lines are offered again.
 */
export interface Sink {
  append(lines: readonly string[]): Promise<readonly SinkOutcome[]>;
}

export type SinkOutcome =
  | { readonly status: "appended" | "duplicate" }
  | { readonly status: "rejected"; readonly reason: string };
