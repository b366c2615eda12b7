import type { Trail } from "../trail/trail.ts";
import type { Metrics } from "./metrics.ts";

/** What every route works with. */
export interface ServerState {
  readonly trail: Trail;
  readonly metrics: Metrics;
  /** One line for the operator. Never anything that was recorded. */
  readonly log: (line: string) => void;
  /** Fires when the server stops: streams end. */
  readonly stopping: AbortSignal;
  /** Between two comments on a silent stream. */
  readonly heartbeatMs: number;
  /** A stream that took nothing for so long while there was something loses its connection. */
  readonly slowReaderMs: number;
}
