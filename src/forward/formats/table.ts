import type { JsonObject, JsonValue } from "../../base/json.ts";
import type { AuditEvent } from "../../event/event.ts";

/** One row: where it goes, as a path of members, and what stands there. Null and undefined leave it out. */
export type FormatRow = readonly [path: string, value: (event: AuditEvent) => JsonValue | undefined];

/** A rendering of events in somebody else's vocabulary. */
export interface Format {
  readonly name: string;
  /** Of the vocabulary, not of our table. */
  readonly version: string;
  readonly contentType: string;
  render(event: AuditEvent): JsonValue;
}

/** The object that the rows describe. A dot in a path is a level; where a member's name has a dot, write `\.`. */
export function fromRows(rows: readonly FormatRow[]): (event: AuditEvent) => JsonObject {
  const compiled = rows.map(([path, value]) => ({ names: namesOf(path), value }));
  return (event) => {
    const object: JsonObject = {};
    for (const { names, value } of compiled) {
      const given = value(event);
      if (given !== null && given !== undefined) put(object, names, given);
    }
    return object;
  };
}

function namesOf(path: string): string[] {
  return path.split(/(?<!\\)\./).map((name) => name.replaceAll("\\.", "."));
}

function put(object: JsonObject, names: readonly string[], value: JsonValue): void {
  let at = object;
  for (const name of names.slice(0, -1)) {
    at[name] ??= {};
    at = at[name] as JsonObject;
  }
  at[names.at(-1) ?? ""] = value;
}

/** Integer milliseconds since 1970. */
export function millis(micros: number): number {
  return Math.floor(micros / 1000);
}

/** Integer nanoseconds as text: beyond what a number can hold. */
export function nanos(micros: number): string {
  return `${BigInt(micros) * 1000n}`;
}
