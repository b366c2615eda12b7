/* Runs Vitest and counts from its own report, so that a file that could not be loaded counts too. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { binary, projectNode, root, run } from "./ground.mjs";

const report = join(root, "test-results", "vitest.json");

/** Resolves with how many tests passed and failed; a run that broke off counts as failed. */
export async function runVitest(args, env = {}) {
  rmSync(report, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { status } = await run(projectNode(), [binary("vitest"), "run", ...reporters, ...args], {
    stdio: "inherit",
    env,
  });
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, "utf8"));
  const broken = testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  const failed = numFailedTests + broken.length;
  return { passed: numPassedTests, failed: status !== 0 && failed === 0 ? 1 : failed };
}
