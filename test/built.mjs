import { ensureBuilt } from "../scripts/build.mjs";

/** Once before the tests that run `bin/daybook`: builds dist/ where it is older than its sources. */
export default async function setup() {
  const trouble = await ensureBuilt();
  if (trouble !== null) throw new Error(`The build failed:\n${trouble}`);
}
