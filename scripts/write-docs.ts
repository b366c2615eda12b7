/* `npm run docs`: writes what is made from the sources. A test compares; this mends. */
import { readFileSync, writeFileSync } from "node:fs";
import { configurationDocument } from "../src/cli/config/document.ts";
import { pricesDocument } from "../src/price/prices.ts";
import { benchmarksDocument } from "./benchmarks-document.ts";
import { eventsDocument } from "./events-document.ts";

const docs = new URL("../docs/", import.meta.url);
writeFileSync(new URL("configuration.md", docs), configurationDocument());
writeFileSync(new URL("events.md", docs), eventsDocument());
writeFileSync(new URL("prices.json", docs), pricesDocument());
const benchmarks = new URL("benchmarks.md", docs);
const results = JSON.parse(readFileSync(new URL("../bench/results.json", import.meta.url), "utf8"));
writeFileSync(benchmarks, benchmarksDocument(readFileSync(benchmarks, "utf8"), results));
