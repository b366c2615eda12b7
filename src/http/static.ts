import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".json": "application/json",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
};

/** Pages of things that people and agents named: what looks like a file's ending is a part of the name. */
const NAMED = /^\/(?:events|forwarders|runs|threads)\/./;

/**
 * The built page, read once: a request names a key of a map, so no path can lead out of the folder.
 * An address that is no file is the page itself, for people; null for everything else.
 */
export function serveStatic(dir: string | null): (path: string, accept: string) => Response | null {
  const files = dir === null ? new Map<string, Buffer<ArrayBuffer>>() : readFolder(dir);
  return (path, accept) => {
    const key = path === "/" ? "/index.html" : path;
    const file = files.get(key);
    if (file !== undefined) return respond(file, key);
    const isFile = extname(path) !== "" && !NAMED.test(path);
    if (isFile || !accept.includes("text/html")) return path === "/" ? notBuilt() : null;
    const page = files.get("/index.html");
    return page === undefined ? notBuilt() : respond(page, "/index.html");
  };
}

function readFolder(dir: string): Map<string, Buffer<ArrayBuffer>> {
  const files = new Map<string, Buffer<ArrayBuffer>>();
  if (!existsSync(dir)) return files;
  for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(`/${relative(dir, path).split(sep).join("/")}`, readFileSync(path));
  }
  return files;
}

function respond(file: Buffer<ArrayBuffer>, key: string): Response {
  const hashed = key.startsWith("/assets/");
  return new Response(file, {
    headers: {
      ...HEADERS,
      "Content-Type": TYPES[extname(key)] ?? "application/octet-stream",
      "Cache-Control": hashed ? "public, max-age=31536000, immutable" : "no-cache",
    },
  });
}

function notBuilt(): Response {
  return new Response(
    "The page is not built. Run `npm run build` and start Daybook again.\nThe API is described at /docs.\n",
    {
      headers: { ...HEADERS, "Content-Type": "text/plain; charset=utf-8" },
    },
  );
}
