import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../../base/error.ts";
import { parseCheckpoint, type SignedCheckpoint } from "../../tlog/checkpoint.ts";
import { sameBytes } from "../../tlog/hash.ts";
import { Contradiction, type Submission, type Witness } from "./keeper.ts";

const GIT_TIMEOUT_MS = 30_000;
/** Each is kept for ever, so not every one. */
export const KEEP_EVERY_MS = 60_000;

/** The name of a log's checkpoints, where several logs keep theirs. */
export function folderOf(origin: string): string {
  return hash("sha256", origin, "hex").slice(0, 16);
}

export function fileOf({ size }: SignedCheckpoint): string {
  return `${String(size).padStart(16, "0")}.checkpoint`;
}

/** Throws where what is kept is no beginning of the log as it is now. */
export async function holdAgainst(kept: string | null, submission: Submission): Promise<void> {
  const before = kept === null ? null : parseCheckpoint(kept);
  if (before === null) return;
  const { size } = submission.checkpoint;
  if (before.size > size)
    throw new Contradiction(
      `it keeps a checkpoint of ${before.size} events of this log, which has ${size} now`,
    );
  if (!sameBytes(await submission.root(before.size), before.root))
    throw new Contradiction(`it keeps another history of the first ${before.size} events`);
}

/** A folder that keeps every checkpoint as a file that is written once: a mounted bucket, another disk. */
export class FolderWitness implements Witness {
  readonly name: string;
  readonly intervalMs = KEEP_EVERY_MS;
  readonly #folder: string;

  constructor(folder: string) {
    this.name = `folder ${folder}`;
    this.#folder = folder;
  }

  async show(submission: Submission): Promise<string> {
    const { checkpoint, text } = submission;
    await holdAgainst(await this.newest(checkpoint.origin), submission);
    const folder = join(this.#folder, folderOf(checkpoint.origin));
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(join(folder, fileOf(checkpoint)), text, { flag: "wx" });
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    }
    return text;
  }

  async newest(origin: string): Promise<string | null> {
    const folder = join(this.#folder, folderOf(origin));
    if (!existsSync(folder)) return null;
    const last = readdirSync(folder)
      .filter((name) => name.endsWith(".checkpoint"))
      .sort()
      .at(-1);
    return last === undefined ? null : readFileSync(join(folder, last), "utf8");
  }

  confirmedAt(): null {
    return null;
  }
}

/** A working tree of a git repository: each checkpoint is committed, and pushed where there is somewhere to push to. */
export class GitWitness implements Witness {
  readonly name: string;
  readonly intervalMs = KEEP_EVERY_MS;
  readonly #folder: string;
  readonly #kept: FolderWitness;

  constructor(folder: string) {
    this.name = `git ${folder}`;
    this.#folder = folder;
    this.#kept = new FolderWitness(folder);
  }

  async show(submission: Submission): Promise<string> {
    const text = await this.#kept.show(submission);
    const { checkpoint } = submission;
    const path = join(folderOf(checkpoint.origin), fileOf(checkpoint));
    await this.#git("add", "--", path);
    const name = { "user.name": "daybook", "user.email": "daybook@localhost" };
    const identity = Object.entries(name).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
    const isNew = (await this.#git("status", "--porcelain", "--", path)) !== "";
    const message = `${checkpoint.origin}: ${checkpoint.size} events`;
    if (isNew) await this.#git(...identity, "commit", "-q", "-m", message, "--", path);
    if ((await this.#git("remote")) !== "") await this.#git("push", "-q", "origin", "HEAD");
    return text;
  }

  newest(origin: string): Promise<string | null> {
    return this.#kept.newest(origin);
  }

  confirmedAt(): null {
    return null;
  }

  async #git(...words: string[]): Promise<string> {
    try {
      const { stdout } = await promisify(execFile)("git", ["-C", this.#folder, ...words], {
        timeout: GIT_TIMEOUT_MS,
      });
      return stdout.trim();
    } catch (thrown) {
      throw new Error(`git ${words[0]} failed: ${messageOf(thrown).split("\n").at(-1)}`, { cause: thrown });
    }
  }
}
