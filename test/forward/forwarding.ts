import { flushCompileCache } from "node:module";
import { openTrail } from "../../src/index.ts";

/** Forwards what is in the file until it is killed. */
const [path = ""] = process.argv.slice(2);
flushCompileCache();
const trail = openTrail(path, {
  forwarding: { allowPrivate: true, secretKey: Buffer.alloc(32, 7).toString("base64") },
});
await trail.forwarders.run({ timeoutMs: 150, backoff: { baseMs: 10, maxMs: 50 } });
setInterval(() => undefined, 60_000);
