import { resolve } from "node:path";
import { TrailError } from "../../base/error.ts";
import { postgresStateFile, stateFile } from "../../emit/state-file.ts";

/** What `--db` names. */
export interface Target {
  readonly name: string;
  /** The file and the folder of its spools; null for a trail in memory. */
  readonly file: { readonly path: string; readonly spoolDir: string } | null;
  /** Where events wait on this machine's disk; null for a trail in memory. */
  readonly spoolDir: string | null;
}

/** Throws `store.unsupported` for an address that this version cannot open. */
export function targetOf(name: string): Target {
  if (name === ":memory:") return { name, file: null, spoolDir: null };
  if (isServer(name)) return { name, file: null, spoolDir: `${stateFile(name)}.spool` };
  if (isPostgres(name)) return { name, file: null, spoolDir: `${postgresStateFile(name)}.spool` };
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(name) && !name.toLowerCase().startsWith("file://")) {
    throw new TrailError("store.unsupported", `There is no store for ${name.split("://")[0]}://.`, {
      field: "--db",
      fix: "Use a file path for SQLite, postgres://…, the address of a Daybook server, or :memory:.",
    });
  }
  const path = resolve(/^file:\/\//i.test(name) ? new URL(name).pathname : name);
  const spoolDir = `${path}.spool`;
  return { name, file: { path, spoolDir }, spoolDir };
}

export function isServer(name: string): boolean {
  return /^https?:\/\//i.test(name);
}

function isPostgres(name: string): boolean {
  return /^(?:postgres|postgresql):\/\//i.test(name);
}
