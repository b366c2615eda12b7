/*
 * Builds dist/: the library and the command line with tsc, the page with Vite. It is built aside
 * and put in place by renaming, so that nobody ever runs half a build, and skipped where dist/ was
 * made from exactly these sources. `--force` builds in any case.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { binary, projectNode, root, run } from "./ground.mjs";

const dist = join(root, "dist");
const SOURCES = [
  "src",
  "ui",
  "package-lock.json",
  "tsconfig.json",
  "tsconfig.build.json",
  "vite.config.ts",
  "scripts/build.mjs",
];

/** Resolves with null when dist/ is up to date, else with what the failed step said. */
export async function ensureBuilt({ force = false, onStart = () => undefined } = {}) {
  const wanted = fingerprint();
  const stamp = join(dist, ".sources");
  if (!force && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return null;
  onStart();
  const fresh = join(root, `dist.new-${process.pid}`);
  const old = join(root, `dist.old-${process.pid}`);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  try {
    for (const [tool, ...args] of steps(fresh)) {
      const { status, said } = await run(projectNode(), [binary(tool), ...args]);
      if (status !== 0) return said || `${tool} ended with status ${status}`;
    }
    writeFileSync(join(fresh, ".sources"), wanted);
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
    return null;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

function steps(folder) {
  return [
    ["tsc", "-p", "tsconfig.build.json", "--outDir", folder],
    ["vite", "build", "--outDir", join(folder, "ui"), "--emptyOutDir", "--logLevel", "warn"],
  ];
}

function fingerprint() {
  const hash = createHash("sha256");
  for (const source of SOURCES) addTo(hash, source);
  return hash.digest("hex");
}

function addTo(hash, path) {
  const full = join(root, path);
  if (!existsSync(full)) return;
  const children = childrenOf(full);
  if (children === null) {
    if (!/\.test\.tsx?$/.test(path)) hash.update(`${path}\0`).update(readFileSync(full)).update("\0");
    return;
  }
  for (const name of children) addTo(hash, join(path, name));
}

function childrenOf(path) {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if (error.code === "ENOTDIR") return null;
    throw error;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const trouble = await ensureBuilt({ force: process.argv.includes("--force") });
  if (trouble !== null) {
    process.stderr.write(`${trouble.trimEnd()}\ndaybook: the build failed; what went wrong stands above.\n`);
    process.exit(1);
  }
}
