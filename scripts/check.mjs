/* `npm run check`: the quick loop. Types, lint, unit tests and house rules; under a minute. */
import { runChecks } from "./checks.mjs";
import { ensureInstalled } from "./ground.mjs";
import { runVitest } from "./vitest.mjs";

ensureInstalled();
const checks = await runChecks(["types", "types of the page", "lint and format"]);
const tests = await runVitest(["--project", "unit", "--project", "house"]);
const failed = checks.failed + tests.failed;
process.stdout.write(`\n${checks.passed + tests.passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
