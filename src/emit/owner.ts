import { readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { threadId } from "node:worker_threads";

/**
 * Who owns a spool: a folder per emitter, with `owner.json` in it. A spool whose owner is gone may
 * be adopted by anyone who claims it first, by renaming the folder.
 */
interface Owner {
  pid: number;
  thread: number;
  host: string;
  /** When the process began, in the kernel's ticks: a pid that was used again is another process. */
  started: string | null;
}

const OWNER_FILE = "owner.json";
/** An owner on another host cannot be asked; it touches its file this often … */
export const HEARTBEAT_MS = 10_000;
/** … and counts as gone after this silence. */
const SILENCE_MS = 60_000;

/** The spools of trails that are open in this process, whatever copy of the code opened them. */
const OPEN_HERE = Symbol.for("daybook.openSpools");
const registry = globalThis as { [OPEN_HERE]?: Set<string> };
registry[OPEN_HERE] ??= new Set();
const openHere: Set<string> = registry[OPEN_HERE];

export function own(dir: string): void {
  openHere.add(dir);
  const owner: Owner = {
    pid: process.pid,
    thread: threadId,
    host: hostname(),
    started: startOf(process.pid),
  };
  writeFileSync(join(dir, OWNER_FILE), JSON.stringify(owner), { mode: 0o600 });
}

export function disown(dir: string): void {
  openHere.delete(dir);
}

export function heartbeat(dir: string): void {
  const now = Date.now() / 1000;
  utimesSync(join(dir, OWNER_FILE), now, now);
}

/**
 * The folders in `spoolDir` whose owners are gone, renamed so that they are ours, oldest first.
 * Somebody else's rename is no trouble: the folder is his.
 */
export function claimOrphans(spoolDir: string): string[] {
  const claimed: string[] = [];
  for (const name of listFolders(spoolDir)) {
    const dir = join(spoolDir, name);
    if (openHere.has(dir) || isOwned(dir)) continue;
    const mine = join(
      spoolDir,
      `${name.split(".")[0]}.${process.pid}-${claimed.length}-${Date.now().toString(36)}`,
    );
    openHere.add(mine);
    try {
      renameSync(dir, mine);
      own(mine);
      claimed.push(mine);
    } catch (thrown) {
      openHere.delete(mine);
      if (!isGone(thrown)) throw thrown;
    }
  }
  return claimed;
}

/** Folders of spools, whoever owns them. */
export function listFolders(spoolDir: string): string[] {
  try {
    return readdirSync(spoolDir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (thrown) {
    if (isGone(thrown)) return [];
    throw thrown;
  }
}

function isOwned(dir: string): boolean {
  let owner: Owner;
  let touchedMs: number;
  try {
    const path = join(dir, OWNER_FILE);
    touchedMs = statSync(path).mtimeMs;
    owner = JSON.parse(readFileSync(path, "utf8")) as Owner;
  } catch {
    // Made a moment ago and not signed yet, or its owner died in between: its age decides.
    return folderAgeMs(dir) < SILENCE_MS;
  }
  if (owner.host !== hostname()) return Date.now() - touchedMs < SILENCE_MS;
  // Ours, but not open: what an adoption that failed left behind.
  if (owner.pid === process.pid && owner.thread === threadId) return false;
  return isAlive(owner.pid) && startOf(owner.pid) === owner.started;
}

function folderAgeMs(dir: string): number {
  try {
    return Date.now() - statSync(dir).mtimeMs;
  } catch {
    return 0;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Field 22 of /proc/PID/stat where there is one; the name in field 2 may hold spaces. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return "dead";
    return fields[19] ?? null;
  } catch {
    return null;
  }
}

export function isGone(thrown: unknown): boolean {
  const code = (thrown as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENOTDIR" || code === "ENOTEMPTY" || code === "EEXIST";
}
