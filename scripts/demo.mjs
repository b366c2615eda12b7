/* `npm run demo`: a believable week of a company, in a file of its own, served. Flags go to `serve`. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt } from "./build.mjs";
import { ensureInstalled, fail, projectNode, root, run } from "./ground.mjs";

ensureInstalled();
const trouble = await ensureBuilt({ onStart: () => process.stderr.write("Building …\n") });
if (trouble !== null) fail(`the build failed.\n${trouble.trimEnd()}`);

const file = join(mkdtempSync(join(tmpdir(), "daybook-demo-")), "daybook.db");
await run(projectNode(), [join(root, "scripts/demo/fill.ts"), file], { stdio: "inherit" });
const serve = [join(root, "bin", "daybook"), "serve", "--db", file, ...process.argv.slice(2)];
const { status } = await run(projectNode(), serve, { stdio: "inherit" });
process.exit(status);
