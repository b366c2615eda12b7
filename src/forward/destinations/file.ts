import { mkdir, open, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import type { Configuration, Destination, Reach, Sent } from "../destination.ts";
import { EgressRefused } from "../egress/egress.ts";
import { unreachable } from "./over-http.ts";

const ROTATE_BYTES = 64 << 20;
const KEEP_FILES = 10;
const TAIL_BYTES = 4 << 20;

/**
 * Lines in a file below the folder that the server was started with; synced before a batch counts. A
 * file that grew beyond `max_bytes` is put aside under the time, and the oldest of more than
 * `keep_files` are removed.
 */
export const file: Destination = {
  type: "file",
  name: "File (NDJSON)",
  docsUrl: "https://github.com/ndjson/ndjson-spec",
  limits: { events: 1000, bytes: 8 << 20, eventBytes: 4 << 20, overheadBytes: 1, lingerMs: 1000 },
  format: "native",
  template: {
    method: "POST",
    url: "file:///{path}",
    headers: {},
    placeholders: { path: { label: "Path below the folder for files", default: "events.ndjson" } },
    transform: null,
  },
  schemes: ["file:"],
  options: {
    max_bytes: { type: "count", doc: "Default: 67108864." },
    keep_files: { type: "count", doc: "Default: 10; 0 keeps all." },
  },
  async send(items, configuration, reach): Promise<Sent> {
    const body = items.map(({ text }) => `${text.replace(/[\r\n]+/g, " ")}\n`).join("");
    const message = { method: "APPEND", url: configuration.url, headers: {}, body };
    const begun = performance.now();
    try {
      const path = await allowedPath(configuration, reach);
      await append(path, body);
      await rotate(path, configuration);
      const latencyMs = performance.now() - begun;
      return { judgment: { verdict: "ok" }, message, status: null, body: "", latencyMs, error: null };
    } catch (thrown) {
      return unreachable(thrown, message, performance.now() - begun);
    }
  },
};

/** Below the root also after every link was followed. */
async function allowedPath({ url }: Configuration, { fileRoot }: Reach): Promise<string> {
  if (fileRoot === null)
    throw new EgressRefused("Files are off: the server was started without a folder for them.");
  await mkdir(fileRoot, { recursive: true });
  const root = await realpath(fileRoot);
  const path = resolve(root, `.${decodeURIComponent(new URL(url).pathname)}`);
  await mkdir(dirname(path), { recursive: true });
  const folder = await realpath(dirname(path));
  if (folder !== root && !folder.startsWith(root + sep)) {
    throw new EgressRefused("The file is outside of the folder for files.");
  }
  return join(folder, basename(path));
}

/** A line that a crash tore is cut off first: the batch that it belonged to comes again whole. */
async function append(path: string, body: string): Promise<void> {
  const handle = await open(path, "a+", 0o600);
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    if (length > 0 && buffer.at(-1) !== 0x0a)
      await handle.truncate(size - length + buffer.lastIndexOf(0x0a) + 1);
    await handle.appendFile(body);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function rotate(path: string, { options }: Configuration): Promise<void> {
  const max = typeof options.max_bytes === "number" ? options.max_bytes : ROTATE_BYTES;
  if ((await stat(path)).size < max) return;
  await rename(path, `${path}.${new Date().toISOString().replace(/[:.]/g, "-")}`);
  const keep = typeof options.keep_files === "number" ? options.keep_files : KEEP_FILES;
  if (keep === 0) return;
  const prefix = `${basename(path)}.`;
  const aside = (await readdir(dirname(path))).filter((name) => name.startsWith(prefix)).sort();
  for (const name of aside.slice(0, Math.max(0, aside.length - keep))) await rm(join(dirname(path), name));
}
