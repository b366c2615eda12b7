/** A server that runs until it is killed; prints its address. */
import { flushCompileCache } from "node:module";
import { createApp } from "../../src/http/app.ts";
import { listen } from "../../src/http/listen.ts";
import { openTrail } from "../../src/index.ts";

const [db] = process.argv.slice(2) as [string];
const trail = openTrail(db);
await trail.append([]);
await trail.describe();
const server = await listen(createApp({ trail }), { host: "127.0.0.1", port: 0 });
// Nobody who is killed would leave what the next one starts quicker by.
flushCompileCache();
process.stdout.write(`${server.url}\n`);
