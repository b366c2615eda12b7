import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ROOT } from "../tidy/sources.ts";

/** Published schemas are no part of this repository: looked for in DAYBOOK_VECTORS, or in a folder beside the checkout. */
const FOLDER = process.env.DAYBOOK_VECTORS ?? join(ROOT, "../shared/vectors");

/** The JSON files of an archive by their path, or null where it is not there. */
export function readArchive(name: string): Map<string, unknown> | null {
  const path = join(FOLDER, name);
  if (!existsSync(path)) return null;
  const archive = gunzipSync(readFileSync(path));
  const files = new Map<string, unknown>();
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const file = archive.toString("latin1", at, at + 100).split("\0")[0] ?? "";
    const size = Number.parseInt(archive.toString("latin1", at + 124, at + 136), 8);
    if (file.endsWith(".json") && !file.includes("/._")) {
      const text = archive.toString("utf8", at + 512, at + 512 + size);
      files.set(file.replace(/^\.\//, ""), JSON.parse(text));
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
