import { isTrailError, messageOf, TrailError } from "../../base/error.ts";

/** SQLite's primary result codes, as far as they mean something to us. */
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const CORRUPT = 11;
const FULL = 13;
const TOO_BIG = 18;
const CONSTRAINT = 19;
const MISMATCH = 20;
const NOT_A_DATABASE = 26;

/** The primary result code of an error of node:sqlite, or undefined. */
export function codeOf(thrown: unknown): number | undefined {
  if (typeof thrown !== "object" || thrown === null || !("errcode" in thrown)) return undefined;
  return typeof thrown.errcode === "number" ? thrown.errcode & 0xff : undefined;
}

export function isBusy(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return code === BUSY || code === LOCKED;
}

/** True when one row is at fault and the transaction may go on. */
export function isRowFault(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return code === CONSTRAINT || code === TOO_BIG || code === MISMATCH || thrown instanceof RangeError;
}

/** Whatever SQLite threw, as the store's error. */
export function storeError(path: string, thrown: unknown): TrailError {
  if (isTrailError(thrown)) return thrown;
  const cause = thrown;
  switch (codeOf(thrown)) {
    case BUSY:
    case LOCKED:
      return new TrailError("store.unavailable", `Another process holds the write lock of ${path}.`, {
        fix: "Try again, or end the process that keeps the file locked.",
        cause,
      });
    case READONLY:
      return new TrailError("store.unavailable", `${path} cannot be written.`, {
        fix: "Give this process write access to the file and its folder.",
        cause,
      });
    case FULL:
      return new TrailError("store.unavailable", `There is no room left to write ${path}.`, {
        fix: "Free space on the disk; then appends work again.",
        cause,
      });
    case CORRUPT:
    case NOT_A_DATABASE:
      return new TrailError("store.corrupt", `${path} is damaged: ${messageOf(thrown)}.`, {
        fix: "Run `daybook doctor`, or restore the file from a backup.",
        cause,
      });
    default:
      return new TrailError("store.unavailable", `${path} cannot serve: ${messageOf(thrown)}.`, {
        fix: "Check the disk and the file's permissions.",
        cause,
      });
  }
}
