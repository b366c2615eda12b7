/** Imports the entry and prints which packages that loaded, and how long it took. */
import { registerHooks } from "node:module";

const packages = new Set<string>();
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const inside = /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(found.url)?.[1];
    if (inside !== undefined) packages.add(inside);
    return found;
  },
});
const begun = performance.now();
await import("../src/index.ts");
const ms = performance.now() - begun;
process.stdout.write(JSON.stringify({ packages: [...packages], ms }));
