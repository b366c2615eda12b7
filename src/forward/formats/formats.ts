import type { JsonValue } from "../../base/json.ts";
import { toWire } from "../../event/wire.ts";
import { cef } from "./cef.ts";
import { cloudevents } from "./cloudevents.ts";
import { ecs } from "./ecs.ts";
import { ocsf } from "./ocsf.ts";
import { otlpLog } from "./otlp.ts";
import type { Format } from "./table.ts";

/** Our own vocabulary, flat, every field present: what filters and transforms see too. */
const native: Format = {
  name: "native",
  version: "1",
  contentType: "application/json",
  render: (event) => toWire(event) as unknown as JsonValue,
};

export const FORMATS = { native, ocsf, cloudevents, ecs, cef, otlp: otlpLog } as const satisfies Record<
  string,
  Format
>;

export type FormatName = keyof typeof FORMATS;

export function isFormatName(name: string): name is FormatName {
  return Object.hasOwn(FORMATS, name);
}
