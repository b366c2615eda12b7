import type { Projection } from "./projection.ts";

/** Every view that stores keep, by name. A new one is folded from the whole log when a store is next read. */
export const PROJECTIONS: readonly Projection[] = [];
