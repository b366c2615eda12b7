/* A Chromium for the browser tests: the one that is there, or Debian's. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The path of a browser, or null where there is none and none can be installed. */
export function ensureBrowser() {
  const found = [process.env.DAYBOOK_TEST_BROWSER, ...PLACES].find(
    (path) => path !== undefined && existsSync(path),
  );
  if (found !== undefined) return found;
  process.stderr.write("Installing a browser for the tests (apt-get install chromium) …\n");
  for (const args of [
    ["update", "-qq"],
    ["install", "-y", "-qq", "chromium"],
  ]) {
    const { status } = aptGet(args);
    if (status !== 0) process.stderr.write(`apt-get ${args[0]} did not succeed.\n`);
  }
  return PLACES.find((path) => existsSync(path)) ?? null;
}

function aptGet(args) {
  const isRoot = process.getuid?.() === 0;
  const [command, ...rest] = isRoot ? ["apt-get", ...args] : ["sudo", "-n", "apt-get", ...args];
  return spawnSync(command, rest, {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", "ignore", "inherit"],
  });
}
