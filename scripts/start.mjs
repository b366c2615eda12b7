/* `npm start`: install what is missing, build what is older than its sources, serve. */
import { join } from "node:path";
import { ensureBuilt } from "./build.mjs";
import { ensureInstalled, fail, projectNode, root, run } from "./ground.mjs";

ensureInstalled();
const trouble = await ensureBuilt({ onStart: () => process.stderr.write("Building …\n") });
if (trouble !== null) fail(`the build failed.\n${trouble.trimEnd()}`);

const serve = [join(root, "bin", "daybook"), "serve", ...process.argv.slice(2)];
const { status } = await run(projectNode(), serve, { stdio: "inherit" });
process.exit(status);
