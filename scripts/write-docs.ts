/* `npm run docs`: writes what is made from the sources. A test compares; this mends. */
import { writeFileSync } from "node:fs";
import { configurationDocument } from "../src/cli/config/document.ts";

writeFileSync(new URL("../docs/configuration.md", import.meta.url), configurationDocument());
