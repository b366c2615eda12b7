import { approvals } from "./approvals.ts";
import { calls } from "./calls.ts";
import { catalog } from "./catalog.ts";
import { spend } from "./cost/spend.ts";
import { deliveries } from "./deliveries.ts";
import { failures } from "./failures.ts";
import type { Projection } from "./projection.ts";
import { runs } from "./runs.ts";
import { settings } from "./settings.ts";
import { threads } from "./threads.ts";
import { totals } from "./totals/totals.ts";

/** Every view that stores keep, by name. A new one is folded from the whole log when a store is next read. */
export const PROJECTIONS: readonly Projection[] = [
  calls,
  runs,
  totals,
  failures,
  catalog,
  settings,
  threads,
  deliveries,
  spend,
  approvals,
];
