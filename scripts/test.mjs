/*
 * `npm test`: install what is missing, then every check and every test. Ends with the line
 * "N passed, N failed". Arguments go to Vitest, and then only it runs: `npm test -- src/event`.
 */
import { join } from "node:path";
import { ensureBrowser } from "./browser.mjs";
import { CHECKS, runChecks } from "./checks.mjs";
import { ensureInstalled, install, root } from "./ground.mjs";
import { runVitest } from "./vitest.mjs";

const args = process.argv.slice(2);
ensureInstalled();
const noClaude = install(join(root, "test/claude"), "Installing Claude Code for its tests (390 MB) …");
if (noClaude !== null) process.stderr.write(`daybook: the tests of Claude Code will fail: ${noClaude}\n`);
const browser = ensureBrowser();
if (browser === null) {
  process.stderr.write(
    "daybook: there is no browser and none could be installed; the browser tests will fail. " +
      "Install Debian's chromium, or name one in DAYBOOK_TEST_BROWSER.\n",
  );
}
const checks = args.length > 0 ? { passed: 0, failed: 0 } : await runChecks(Object.keys(CHECKS));
const tests = await runVitest(args, browser === null ? {} : { DAYBOOK_TEST_BROWSER: browser });
const failed = checks.failed + tests.failed;
process.stdout.write(`\n${checks.passed + tests.passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
