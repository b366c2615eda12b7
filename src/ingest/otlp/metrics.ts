import { drop, type Ingested, nothingIngested } from "../ingested.ts";

/** Metrics are taken, so that an exporter is content, and counted; they are no events. */
export function fromMetrics(metrics: number): Ingested {
  const ingested = nothingIngested();
  if (metrics > 0) drop(ingested, "a metric is no event", metrics);
  return ingested;
}
