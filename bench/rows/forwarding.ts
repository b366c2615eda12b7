import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { openTrail } from "../../src/index.ts";
import { draftOf } from "../events.ts";
import { compare, inFolder, interleave, type Row, until } from "../measure.ts";

const EVENTS = 20_000;

/** Through filter, transform, batches and receipts to a receiver, beside a loop that posts the same bodies. */
export const forwarding: Row = {
  name: "forwarding",
  title: "forwarding: filter, transform, batches, receipts",
  async run(setting) {
    const events = setting.size(EVENTS);
    const bodies: Buffer[] = [];
    let taken = 0;
    const server = createServer(async (incoming, answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      bodies.push(body);
      const text = gunzipSync(body).toString();
      for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) taken++;
      // The last line has no end.
      taken++;
      answer.end("{}");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const rates = await interleave(setting.rounds, {
      ours: () =>
        inFolder(async (dir) => {
          bodies.length = 0;
          taken = 0;
          const trail = openTrail(join(dir, "log.db"), { forwarding: { allowPrivate: true } });
          await trail.forwarders.create({
            id: "bench",
            name: "Bench",
            forwarder_type: "sumo_logic",
            filter: { "!=": [{ var: "tool" }, "nothing"] },
            transform: '{ "id": id, "what": event_type, "who": agent, "tool": tool, "data": data }',
            transform_type: "JSONATA",
            configuration: { url },
            environments: { production: { enabled: true } },
          });
          for (let i = 0; i < events; i++) trail.record(draftOf(i));
          await trail.flush({ timeoutMs: 60_000 });
          const begun = performance.now();
          const end = await trail.forwarders.run();
          await until("every event is at the receiver", () => taken >= events, 120_000);
          const rate = (events * 1_000) / (performance.now() - begun);
          await end();
          await trail.close();
          return rate;
        }),
      async bare() {
        const same = [...bodies];
        const begun = performance.now();
        for (const body of same) await post(url, body);
        return (events * 1_000) / (performance.now() - begun);
      },
    });
    server.close();
    return [
      compare("forwarded with a rule and a transform", "events/s", rates.ours, {
        what: "a loop that posts the same compressed bodies",
        rounds: rates.bare,
      }),
    ];
  },
};

async function post(url: string, body: Buffer): Promise<void> {
  const sent = request(url, { method: "POST", headers: { "content-encoding": "gzip" } });
  sent.end(body);
  const [answer] = await once(sent, "response");
  for await (const _ of answer) void _;
}
