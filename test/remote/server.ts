/** A server that can be killed: a file and a port are its arguments. */
import { createApp } from "../../src/http/app.ts";
import { listen } from "../../src/http/listen.ts";
import { openTrail } from "../../src/index.ts";

const [path = "", port = "0"] = process.argv.slice(2);
const trail = openTrail(path);
const { url } = await listen(createApp({ trail }), { host: "127.0.0.1", port: Number(port) });
process.stdout.write(`${url}\n`);
