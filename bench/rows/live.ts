import { get, type IncomingMessage } from "node:http";
import { encodeDraft } from "../../src/event/wire.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { wireOf } from "../events.ts";
import { inFolder, percentileOf, plain, type Row, until } from "../measure.ts";
import { serve } from "../program.ts";

const PAUSE_MS = 15;

/** A server process, a reader over Server-Sent Events, and two ways for an event to be committed. */
export const live: Row = {
  name: "live",
  title: "committed → seen by a live reader",
  run: ({ rounds, size }) =>
    inFolder(async (dir) => {
      const db = `${dir}/live.db`;
      const events = size(100);
      const server = await serve(dir, db);
      const store = await openSqliteStore(db);
      const seen = new Map<string, number>();
      const stream = await follow(new URL("/api/v1/events/stream", server.url), seen);
      const one = async (write: (i: number) => Promise<{ id: string; at: number }>): Promise<number> => {
        const delays: number[] = [];
        for (let i = 0; i < events; i++) {
          const { id, at } = await write(i);
          await until("an event at the live reader", () => seen.has(id));
          delays.push(Math.max(0, (seen.get(id) as number) - at));
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        }
        return percentileOf(delays, 95);
      };
      const overHttp: number[] = [];
      const elsewhere: number[] = [];
      try {
        for (let round = 0; round < rounds; round++) {
          overHttp.push(await one((i) => post(server.url, i)));
          elsewhere.push(
            await one(async (i) => {
              const draft = wireOf(i);
              await store.append([encodeDraft(draft)]);
              return { id: draft.id, at: performance.now() };
            }),
          );
        }
      } finally {
        stream.destroy();
        await store.close();
        await server.stop();
      }
      const goal = { of: "figure", atMost: 200 } as const;
      return [
        plain("sent over HTTP → at the reader, p95 (with the commit in between)", "ms", overHttp, { goal }),
        plain("committed by another process → at the reader, p95", "ms", elsewhere, { goal }),
      ];
    }),
};

async function post(url: URL, i: number): Promise<{ id: string; at: number }> {
  const draft = wireOf(i);
  const at = performance.now();
  const answer = await fetch(new URL("/api/v1/events/bulk", url), {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: encodeDraft(draft),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
  return { id: draft.id, at };
}

/** Notes when each event's id arrives. Resolves when the server follows. */
function follow(url: URL, seen: Map<string, number>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, (stream) => {
      let rest = "";
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        const now = performance.now();
        const messages = (rest + chunk).split("\n\n");
        rest = messages.pop() ?? "";
        for (const message of messages) {
          if (message.includes("following")) resolve(stream);
          const id = /^data: \{"id":"([^"]+)"/m.exec(message)?.[1];
          if (id !== undefined) seen.set(id, now);
        }
      });
      stream.on("error", reject);
    }).on("error", reject);
  });
}
