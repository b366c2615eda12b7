import type { Micros } from "../base/clock.ts";
import { isObject, type JsonObject, type JsonValue } from "../base/json.ts";
import { checkLogic, checkTransform } from "../rule/check.ts";
import { type Alert, checkAlert } from "./alert/alert.ts";
import { checkConfiguration, checkOverrides } from "./configuration.ts";
import { flag, invalid } from "./field.ts";
import { type FormatName, isFormatName } from "./formats/formats.ts";
import { DESTINATIONS, destinationOf } from "./registry.ts";

/** What is forwarded where, under the wire names of the HTTP API, all defaults filled in. */
export interface ForwarderAttributes {
  /** 1 to 200 characters. */
  name: string;
  /** At most 2000. */
  description: string | null;
  /** A type of the catalogue: `http`, `splunk_hec`, `s3` … */
  forwarder_type: string;
  /** Also what platforms record of themselves, in the environment `smplkit`. */
  forward_smplkit_events: boolean;
  /** JSON Logic over the event under its wire names; null: every event. */
  filter: JsonObject | null;
  /** Set together with `transform`. */
  transform_type: "JSONATA" | null;
  /** JSONata: the payload in place of the event. */
  transform: string | null;
  /** How events look without a transform; null: as the destination likes them. */
  format: FormatName | null;
  /** What makes this forwarder send alerts and not events. */
  alert: Alert | null;
  configuration: ConfigurationAttributes;
  /** Only environments that stand here, with `enabled`, are forwarded. */
  environments: Record<string, Overrides>;
}

export interface ConfigurationAttributes {
  method: string;
  url: string;
  headers: Record<string, string>;
  /** "204" or "2xx". */
  success_status: string;
  tls_verify: boolean;
  ca_cert: string | null;
  /** The destination's own; the catalogue says which. */
  options: JsonObject;
}

/** Sparse: `enabled`, `url`, `method`, `success_status`, `tls_verify`, `ca_cert`, `headers.<Name>`. */
export type Overrides = { enabled?: boolean } & { [key: string]: JsonValue | undefined };

export interface Forwarder extends ForwarderAttributes {
  readonly id: string;
  readonly tenant: string;
  readonly createdAt: Micros;
  readonly updatedAt: Micros;
  /** 1 when it was made, one more with each save. */
  readonly version: number;
  readonly paused: boolean;
  /** Of this life of the id: a forwarder that was removed and made anew begins at the log's end. */
  readonly incarnation: string;
  /** It forwards events behind this seq. */
  readonly start: number;
}

const ID_CHARS = 200;
const NAME_CHARS = 200;
const DESCRIPTION_CHARS = 2_000;
const ENVIRONMENTS_MAX = 100;
const KNOWN: ReadonlySet<string> = new Set([
  ...["name", "description", "forwarder_type", "forward_smplkit_events", "filter", "transform_type"],
  ...["transform", "format", "alert", "configuration", "environments"],
  // Read-only: what a client read it may send back.
  ...["created_at", "updated_at", "deleted_at", "version", "paused"],
]);

/** Throws `forwarder.invalid`, or `rule.invalid` for an expression, naming the field. Resolves no name. */
export function parseForwarder(input: unknown): ForwarderAttributes {
  if (!isObject(input)) throw invalid("attributes", "must be an object");
  for (const key of Object.keys(input)) {
    if (!KNOWN.has(key)) throw invalid(key.slice(0, 100), "is not an attribute of a forwarder");
  }
  const type = input.forwarder_type;
  const destination = typeof type === "string" ? destinationOf(type) : undefined;
  if (destination === undefined) {
    const names = DESTINATIONS.map((known) => known.type).join(", ");
    throw invalid("forwarder_type", `must be one of ${names}`);
  }
  return {
    name: nameOf(input.name),
    description: textOrNull("description", input.description, DESCRIPTION_CHARS),
    forwarder_type: destination.type,
    forward_smplkit_events: flag("forward_smplkit_events", input.forward_smplkit_events, false),
    filter: filterOf(input.filter),
    ...transformOf(input),
    format: formatOf(input.format),
    alert: checkAlert(input.alert),
    configuration: checkConfiguration(input.configuration, destination),
    environments: environmentsOf(input.environments, destination.schemes),
  };
}

/** Throws `forwarder.invalid`. */
export function parseId(id: unknown): string {
  if (typeof id === "string" && id.trim() !== "" && id.length <= ID_CHARS) return id;
  throw invalid("id", `must have 1 to ${ID_CHARS} characters`);
}

function nameOf(name: unknown): string {
  if (typeof name === "string" && name.trim() !== "" && name.length <= NAME_CHARS) return name;
  throw invalid("name", `must have 1 to ${NAME_CHARS} characters, not all of them blank`);
}

function textOrNull(field: string, value: unknown, chars: number): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && value.length <= chars) return value;
  throw invalid(field, `must be text of at most ${chars} characters`);
}

function filterOf(filter: unknown): JsonObject | null {
  if (filter === undefined || filter === null) return null;
  checkLogic(filter, "filter");
  return filter as JsonObject;
}

function transformOf(
  input: Record<string, unknown>,
): Pick<ForwarderAttributes, "transform" | "transform_type"> {
  const { transform = null, transform_type: type = null } = input;
  if (transform === null && type === null) return { transform, transform_type: type };
  if (transform === null) throw invalid("transform", "must be set together with transform_type");
  if (type !== "JSONATA") throw invalid("transform_type", 'must be "JSONATA" where there is a transform');
  checkTransform(transform, "transform");
  return { transform: transform as string, transform_type: type };
}

function formatOf(format: unknown): FormatName | null {
  if (format === undefined || format === null) return null;
  if (typeof format === "string" && isFormatName(format)) return format;
  throw invalid("format", "must be native, ocsf, cloudevents, ecs, cef or otlp");
}

function environmentsOf(environments: unknown, schemes: readonly string[]): Record<string, Overrides> {
  if (environments === undefined || environments === null) return {};
  if (!isObject(environments)) throw invalid("environments", "must be an object");
  const entries = Object.entries(environments);
  if (entries.length > ENVIRONMENTS_MAX) throw invalid("environments", `must be at most ${ENVIRONMENTS_MAX}`);
  return Object.fromEntries(
    entries.map(([name, overrides]) => [name, checkOverrides(`environments.${name}`, overrides, schemes)]),
  );
}
