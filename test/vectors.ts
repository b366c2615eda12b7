import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ROOT } from "./tidy/sources.ts";

/** What others published is no part of this repository: looked for in DAYBOOK_VECTORS, or in a folder beside the checkout. */
const FOLDER = process.env.DAYBOOK_VECTORS ?? join(ROOT, "../shared/vectors");

/** The files of a compressed tar archive by their path, or null where the archive is not there. */
export function readArchive(name: string): Map<string, string> | null {
  const path = join(FOLDER, name);
  if (!existsSync(path)) return null;
  const archive = gunzipSync(readFileSync(path));
  const files = new Map<string, string>();
  // Headers of 512 bytes: the name first, the size in octal at 124, what it is at 156.
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const file = archive.toString("latin1", at, at + 100).split("\0")[0] ?? "";
    const size = Number.parseInt(archive.toString("latin1", at + 124, at + 136), 8);
    if (archive[at + 156] === 0x30)
      files.set(file.replace(/^\.\//, ""), archive.toString("utf8", at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
