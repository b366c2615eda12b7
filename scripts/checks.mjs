/* The checks that are no tests, each one line of output, or everything that it said when it fails. */
import { ensureBuilt } from "./build.mjs";
import { binary, projectNode, run } from "./ground.mjs";

const tool =
  (name, ...args) =>
  async () => {
    const { status, said } = await run(projectNode(), [binary(name), ...args]);
    return status === 0 ? null : said || `${name} ended with status ${status}`;
  };

export const CHECKS = {
  types: tool("tsc", "-p", "."),
  "types of the page": tool("tsc", "-p", "ui"),
  "lint and format": tool("biome", "ci", "--colors=off"),
  "dead code": tool("knip"),
  build: () => ensureBuilt(),
  package: tool("publint", "--strict"),
};

/** Runs the named checks one after the other; resolves with how many passed and failed. */
export async function runChecks(names) {
  const count = { passed: 0, failed: 0 };
  for (const name of names) {
    const began = performance.now();
    const trouble = await CHECKS[name]();
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    if (trouble === null) count.passed++;
    else count.failed++;
    process.stdout.write(`${trouble === null ? "ok    " : "FAILED"} ${name} (${seconds} s)\n`);
    if (trouble !== null) process.stdout.write(`${trouble.trimEnd()}\n`);
  }
  return count;
}
