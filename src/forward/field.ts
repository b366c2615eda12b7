import { TrailError } from "../base/error.ts";

/** A broken rule of a forwarder, with the field by its wire name. */
export function invalid(field: string, rule: string): TrailError {
  return new TrailError("forwarder.invalid", `${field} ${rule}.`, { field: field.replaceAll(".", "/") });
}

export function flag(field: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined || value === null) return otherwise;
  if (typeof value === "boolean") return value;
  throw invalid(field, "must be true or false");
}
