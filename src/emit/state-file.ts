import { hash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";

/** The begin of the paths of what belongs, on this machine, to a trail elsewhere. */
export function stateFile(address: string): string {
  return join(homedir(), ".local", "state", "daybook", hash("sha256", address, "hex").slice(0, 16));
}

/** The spools of a database by its address; a password may change without a spool getting lost. */
export function postgresStateFile(address: string): string {
  const { host, pathname, search } = new URL(address);
  return stateFile(host + pathname + search);
}
