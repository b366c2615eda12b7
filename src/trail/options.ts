import { TrailError } from "../base/error.ts";
import type { DraftDefaults } from "../event/accept.ts";
import { SYSTEM_TENANT } from "../event/vocabulary.ts";
import { SUBJECT_FIELDS, type SubjectField } from "../protect/protector.ts";
import type { RedactOptions } from "../redact/redactor.ts";
import type { ForwardingRules } from "./forwarding.ts";

/** What a trail may be told. Every default is the careful one. */
export interface TrailOptions extends DraftDefaults {
  /**
   * How safe an event is when `record()` returns. `spooled` (the default where there is a disk): in
   * a segment file, so that a process that is killed loses nothing. `memory`: faster; what was not
   * delivered dies with a killed process, and goes to a file when the process ends otherwise.
   */
  level?: "spooled" | "memory";
  /** Where segment files live. Default: beside a database file, else under the user's state folder. */
  spoolDir?: string;
  /** The emitter's name, the same from start to start. Default: a fresh UUID. */
  emitterId?: string;
  /** Bounds of what waits for the store. Defaults: 1 000 000 events and 256 MiB spooled, 10 000 and 64 MiB in memory. */
  bufferEvents?: number;
  bufferBytes?: number;
  /** What a full buffer gives up; counted, and told in the trail. Default: `drop-newest`. */
  overflow?: "drop-newest" | "drop-oldest";
  /** Makes `record()` throw when an event cannot be kept. Default: false, the agent goes on. */
  failClosed?: boolean;
  /** How long events are gathered before they are sent to the store. Default: 20 ms. */
  flushIntervalMs?: number;
  /** Rules for secrets and personal data; false turns redaction off. */
  redact?: RedactOptions | false;
  /**
   * Which field says whom an event is about, where its draft names no `subject`: then every payload is
   * kept under a key that `trail.erase` can destroy. Default: only drafts that name one.
   */
  subjectFrom?: SubjectField;
  /** A Daybook server: the API key, sent as `Authorization: Bearer`. */
  apiKey?: string;
  /** SQLite: `full` (default) syncs every commit to the disk, `normal` may lose the last ones with the machine. */
  durability?: "full" | "normal";
  /** How forwarders may reach the world, and where their secrets' key is. */
  forwarding?: ForwardingRules;
  /** Told of trouble that `record()` hides, of each drop too. For a log line; `health()` has the counts. */
  onProblem?: (problem: Error) => void;
}

const SPOOLED_DEFAULTS = { maxEvents: 1_000_000, maxBytes: 256 * 1024 * 1024 };
const MEMORY_DEFAULTS = { maxEvents: 10_000, maxBytes: 64 * 1024 * 1024 };
const KNOWN: ReadonlySet<string> = new Set([
  "tenant",
  "environment",
  "agent",
  "source",
  "app",
  "origin",
  "level",
  "spoolDir",
  "emitterId",
  "bufferEvents",
  "bufferBytes",
  "overflow",
  "failClosed",
  "flushIntervalMs",
  "redact",
  "durability",
  "forwarding",
  "apiKey",
  "subjectFrom",
  "onProblem",
] satisfies Array<keyof TrailOptions>);

/** Throws `option.invalid`, naming the option, for anything that does not fit. */
export function checkOptions(options: TrailOptions): void {
  for (const key of Object.keys(options))
    if (!KNOWN.has(key)) throw invalid(key, "is not an option of a trail");
  oneOf("level", options.level, ["spooled", "memory"]);
  oneOf("overflow", options.overflow, ["drop-newest", "drop-oldest"]);
  oneOf("subjectFrom", options.subjectFrom, SUBJECT_FIELDS);
  oneOf("durability", options.durability, ["full", "normal"]);
  atLeast("bufferEvents", options.bufferEvents, 1);
  atLeast("bufferBytes", options.bufferBytes, 1024);
  atLeast("flushIntervalMs", options.flushIntervalMs, 0);
  if (options.tenant === SYSTEM_TENANT)
    throw invalid("tenant", `must not be the reserved "${SYSTEM_TENANT}"`);
  for (const key of [
    "tenant",
    "environment",
    "agent",
    "source",
    "app",
    "origin",
    "spoolDir",
    "emitterId",
    "apiKey",
  ] as const) {
    const value = options[key];
    if (value !== undefined && (typeof value !== "string" || value === ""))
      throw invalid(key, "must be a string with something in it");
  }
}

export function bufferLimits(options: TrailOptions, level: "spooled" | "memory") {
  const defaults = level === "spooled" ? SPOOLED_DEFAULTS : MEMORY_DEFAULTS;
  return {
    maxEvents: options.bufferEvents ?? defaults.maxEvents,
    maxBytes: options.bufferBytes ?? defaults.maxBytes,
    overflow: options.overflow ?? ("drop-newest" as const),
  };
}

function oneOf(key: string, value: string | undefined, known: readonly string[]): void {
  if (value !== undefined && !known.includes(value)) throw invalid(key, `must be one of ${known.join(", ")}`);
}

function atLeast(key: string, value: number | undefined, least: number): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= least)) {
    throw invalid(key, `must be a whole number of at least ${least}`);
  }
}

function invalid(key: string, rule: string): TrailError {
  return new TrailError("option.invalid", `The option ${key} ${rule}.`, { field: key });
}
