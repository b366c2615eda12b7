import type { Destination } from "./destination.ts";
import { datadog } from "./destinations/datadog.ts";
import { elastic } from "./destinations/elastic.ts";
import { file } from "./destinations/file.ts";
import { honeycomb } from "./destinations/honeycomb.ts";
import { http } from "./destinations/http.ts";
import { loki } from "./destinations/loki.ts";
import { newRelic } from "./destinations/new-relic.ts";
import { otlp } from "./destinations/otlp.ts";
import { s3 } from "./destinations/s3.ts";
import { splunkHec } from "./destinations/splunk-hec.ts";
import { standardWebhooks } from "./destinations/standard-webhooks.ts";
import { sumoLogic } from "./destinations/sumo-logic.ts";
import { syslog } from "./destinations/syslog.ts";

/** Every kind of destination: the seven of the inherited API first, then ours. */
export const DESTINATIONS: readonly Destination[] = [
  datadog,
  elastic,
  honeycomb,
  http,
  newRelic,
  splunkHec,
  sumoLogic,
  file,
  loki,
  otlp,
  s3,
  standardWebhooks,
  syslog,
];

const BY_TYPE = new Map(DESTINATIONS.map((destination) => [destination.type, destination]));

export function destinationOf(type: string): Destination | undefined {
  return BY_TYPE.get(type);
}
