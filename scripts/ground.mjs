/*
 * What every script here stands on: packages installed as the lock file says, and the project's own
 * Node. Plain JavaScript for Node 20 and later, because it runs before anything is installed.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "node_modules");
const binaries = join(modules, ".bin");
const ownNode = join(binaries, "node");
const PARENT_POLL_MS = 250;

/** Ends the script with one clear line. */
export function fail(message) {
  process.stderr.write(`daybook: ${message}\n`);
  process.exit(1);
}

/** Installs from the lock file where something of it is missing. */
export function ensureInstalled() {
  const trouble = install(root, "Installing packages (npm ci) …");
  if (trouble !== null) fail(trouble);
  if (nodeMajor(ownNode) === 0) installOwnNode();
}

/** Installs a folder's packages where something is missing; returns what went wrong, or null. */
export function install(folder, notice) {
  if (isInstalled(folder)) return null;
  process.stderr.write(`${notice}\n`);
  const npm = spawnSync("npm", ["ci", "--loglevel=error", "--no-audit", "--no-fund"], {
    cwd: folder,
    env: { ...process.env, PATH: outerPath() },
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (npm.error) return `npm could not be run: ${npm.error.message}.`;
  return npm.status === 0 ? null : "npm ci failed; what it said stands above.";
}

/** True when node_modules holds each package of the lock file in its version. */
function isInstalled(folder) {
  const wanted = readPackages(join(folder, "package-lock.json"));
  const present = readPackages(join(folder, "node_modules", ".package-lock.json"));
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === "" ||
      present[path]?.version === entry.version ||
      (present[path] === undefined && (entry.optional === true || entry.peer === true)),
  );
}

function readPackages(path) {
  if (!existsSync(path)) return {};
  return JSON.parse(readFileSync(path, "utf8")).packages ?? {};
}

/** npm may be told to run no install scripts; the package `node` fetches its binary in one. */
function installOwnNode() {
  const folder = join(modules, "node");
  if (existsSync(folder)) {
    spawnSync(process.execPath, ["installArchSpecificPackage.js"], {
      cwd: folder,
      env: { ...process.env, PATH: outerPath(), npm_config_global: "false" },
      stdio: "ignore",
    });
  }
  if (nodeMajor(ownNode) === 0 && nodeMajor(process.execPath) < 24) {
    fail(
      `Daybook needs Node 24 or later; this is ${process.version} and the one of node_modules is missing. ` +
        "Let npm run install scripts (npm config set ignore-scripts false), or install Node 24.",
    );
  }
}

/** 0 where there is no Node. */
function nodeMajor(path) {
  const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return status === 0 ? Number(/^v(\d+)/.exec(stdout)?.[1] ?? 0) : 0;
}

/** The project's Node where it is installed, else the one that runs this. */
export function projectNode() {
  return existsSync(ownNode) ? ownNode : process.execPath;
}

/** The path of the environment without node_modules: what npm needs while it replaces that folder. */
function outerPath() {
  const parts = (process.env.PATH ?? "").split(delimiter);
  return parts.filter((part) => !part.includes("node_modules")).join(delimiter);
}

/** The environment of every child: the project's tools first. */
export function projectEnv(extra = {}) {
  return { ...process.env, PATH: `${binaries}${delimiter}${outerPath()}`, ...extra };
}

export function binary(name) {
  return join(binaries, name);
}

/**
 * Runs a program to its end. Resolves with its exit status (128 + n for a signal) and, unless
 * `stdio` is "inherit", with everything that it said.
 */
export function run(command, args, { stdio = "pipe", env = {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: projectEnv(stdio === "inherit" ? env : { NO_COLOR: "1", ...env }),
      stdio: stdio === "inherit" ? "inherit" : ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stdout?.on("data", (chunk) => {
      said += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      said += chunk;
    });
    // A terminal sends Ctrl-C to the whole group: wait for the child's own end. Pass on the rest.
    const onInterrupt = () => undefined;
    const onTerminate = () => child.kill("SIGTERM");
    process.on("SIGINT", onInterrupt);
    process.on("SIGTERM", onTerminate);
    // npm's shell dies of a signal without passing it on: who started us is gone, so nobody wants the child.
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid !== parent) onTerminate();
    }, PARENT_POLL_MS);
    const done = (status) => {
      clearInterval(watch);
      process.off("SIGINT", onInterrupt);
      process.off("SIGTERM", onTerminate);
      resolve({ status, said });
    };
    child.on("error", (error) => {
      said += `${error.message}\n`;
      done(127);
    });
    child.on("close", (code, signal) => done(code ?? (signal === "SIGINT" ? 130 : 143)));
  });
}
