import type { PriceTable } from "../price/table.ts";
import type { Rules } from "../rule/rules.ts";
import type { Trail } from "../trail/trail.ts";
import type { Cosigner } from "../trail/witness/cosigner.ts";
import type { Witness } from "../trail/witness/keeper.ts";
import type { Gate } from "./access.ts";
import type { Metrics } from "./metrics.ts";

/** What every route works with. */
export interface ServerState {
  readonly trail: Trail;
  /** Lets requests in. */
  readonly gate: Gate;
  readonly metrics: Metrics;
  /** Evaluates expressions of users. */
  readonly rules: Rules;
  /** What tokens cost, where cost is asked for. */
  readonly prices: PriceTable;
  /** Signs links to exports; links end with the process. */
  readonly exportKey: Buffer;
  /** Witnesses the logs of others; null where none are named. */
  readonly cosigner: Cosigner | null;
  /** Those that our own logs are shown to; a verification asks them. */
  readonly witnesses: readonly Witness[];
  /** One line for the operator. Never anything that was recorded. */
  readonly log: (line: string) => void;
  /** Fires when the server stops: streams end. */
  readonly stopping: AbortSignal;
  /** Between two comments on a silent stream. */
  readonly heartbeatMs: number;
  /** A stream that took nothing for so long while there was something loses its connection. */
  readonly slowReaderMs: number;
}
