/** Writes the week of a company into a trail: `node scripts/demo/fill.ts FILE`. */
import { openTrail } from "../../src/index.ts";
import { fillWeek } from "./week.ts";

const [target = "./daybook.db"] = process.argv.slice(2);
await using trail = openTrail(target);
await fillWeek(trail, Date.now() * 1_000);
process.stdout.write(`${(await trail.events.stats()).total} events in ${target}\n`);
