import { DROPPED, drop, type Ingested, nothingIngested } from "./ingested.ts";

/** Metrics are taken, so that an exporter is content, and counted; they are no events. */
export function fromMetrics(metrics: number): Ingested {
  const ingested = nothingIngested();
  if (metrics > 0) drop(ingested, DROPPED.metric, metrics);
  return ingested;
}
