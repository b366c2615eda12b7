/* Runs Vitest and counts from its own report, so that a file that could not be loaded counts too. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { binary, projectNode, root, run } from "./ground.mjs";

const report = join(root, "test-results", "vitest.json");
/** Tests start hundreds of processes over the same sources: types are stripped and code is compiled once. */
const compileCache = join(root, "node_modules", ".cache", "node");

/**
 * Resolves with how many tests passed and failed; a run that broke off counts as failed. Node's runtime
 * now and then ends a worker with SIGSEGV when threads come and go by the hundred (nodejs/node#64500 is
 * one way): a file whose worker died in the middle, no test of it failed, runs once more, and says so.
 */
export async function runVitest(args, env = {}) {
  const first = await runOnce(args, env);
  if (first.died.length === 0) return first;
  process.stderr.write(`\nThe worker of ${first.died.join(", ")} died; that runs again, and counts.\n\n`);
  const again = await runOnce(first.died, env);
  return {
    passed: first.passed - first.passedOfDied + again.passed,
    failed: first.failed - first.died.length + again.failed + again.died.length,
  };
}

async function runOnce(args, env) {
  rmSync(report, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { status } = await run(projectNode(), [binary("vitest"), "run", ...reporters, ...args], {
    stdio: "inherit",
    env: { NODE_COMPILE_CACHE: compileCache, ...env },
  });
  if (!existsSync(report)) return { passed: 0, failed: 1, died: [], passedOfDied: 0 };
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, "utf8"));
  const count = (file, status) => file.assertionResults.filter((test) => test.status === status).length;
  const broken = testResults.filter((file) => file.status === "failed" && count(file, "failed") === 0);
  // A file that could not be loaded has no results; one whose hook failed has an error of its own to tell.
  const died = broken.filter((file) => file.assertionResults.length > 0 && (file.message ?? "") === "");
  const failed = numFailedTests + broken.length;
  return {
    passed: numPassedTests,
    failed: status !== 0 && failed === 0 ? 1 : failed,
    died: died.map((file) => relative(root, file.name)),
    passedOfDied: died.reduce((sum, file) => sum + count(file, "passed"), 0),
  };
}
