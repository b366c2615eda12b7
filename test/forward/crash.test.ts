import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTrail } from "../../src/index.ts";
import { openReceiver, type Receiver, type Reply } from "./receiver.ts";

const CHILD = fileURLToPath(new URL("./forwarding.ts", import.meta.url));
const forwarding = { allowPrivate: true, secretKey: Buffer.alloc(32, 7).toString("base64") };
const KILLS = 50;

let folder: string;
let receiver: Receiver;
const children = new Set<ChildProcess>();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "daybook-"));
  receiver = await openReceiver();
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  await receiver.close();
  await rm(folder, { recursive: true });
});

/** The same numbers each time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Kind {
  readonly type: string;
  readonly events: number;
  /** Events that one crash may repeat: what has one receipt. */
  readonly batch: number;
  readonly idsOf: (body: string) => string[];
  readonly taken: (ids: readonly string[]) => Reply;
}

const KINDS: readonly Kind[] = [
  {
    type: "http",
    events: 600,
    batch: 20,
    idsOf: (body) => [JSON.parse(body).id],
    taken: () => ({ status: 200 }),
  },
  {
    type: "elastic",
    events: 12_000,
    batch: 1_000,
    idsOf: (body) =>
      body
        .split("\n")
        .filter((line) => line.startsWith('{"create"'))
        .map((line) => JSON.parse(line).create._id),
    taken: (ids) => ({
      status: 200,
      body: { errors: false, items: ids.map(() => ({ create: { status: 201 } })) },
    }),
  },
];

describe("a server that is killed while it forwards", () => {
  it.each(KINDS)(
    `has sent every event to $type at least once, in order, through ${KILLS} kills and a receiver that misbehaves`,
    async ({ type, events, batch, idsOf, taken }) => {
      const path = join(folder, "daybook.db");
      const trail = openTrail(path, { forwarding });
      const configuration = { url: `${receiver.url}/in` };
      const attributes = {
        name: type,
        forwarder_type: type,
        configuration,
        environments: { production: { enabled: true } },
      };
      await trail.forwarders.create({ id: "f", ...attributes });
      const sent = Array.from({ length: events }, (_, n) => trail.record({ type: "tick", data: { n } }));
      await trail.flush();

      const next = random(events);
      const counts = new Map<string, number>();
      const firsts: string[] = [];
      const take = (body: string): Reply => {
        const ids = idsOf(body);
        for (const id of ids) {
          if (!counts.has(id)) firsts.push(id);
          counts.set(id, (counts.get(id) ?? 0) + 1);
        }
        return taken(ids);
      };
      let isGentle = false;
      receiver.behave(async ({ body }) => {
        const mood = isGentle ? 1 : next();
        if (mood < 0.06) return { status: 503, headers: { "retry-after": "0" } };
        if (mood < 0.09) return "hang";
        if (mood < 0.12) return "cut";
        await wait(mood < 0.2 ? 60 : 8);
        return take(body);
      });

      for (let kill = 0; kill < KILLS && counts.size < events; kill++) {
        const before = receiver.requests.length;
        const child = spawn(process.execPath, [CHILD, path], { stdio: ["ignore", "ignore", "inherit"] });
        children.add(child);
        await expect
          .poll(() => receiver.requests.length, { interval: 5, timeout: 15_000 })
          .toBeGreaterThan(before);
        await wait(next() * 120);
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
        children.delete(child);
      }
      const repeated = [...counts.values()].reduce((sum, count) => sum + count - 1, 0);
      expect(repeated).toBeLessThanOrEqual(KILLS * batch);

      isGentle = true;
      const end = await trail.forwarders.run({ backoff: { baseMs: 10, maxMs: 50 } });
      await expect.poll(() => counts.size, { timeout: 20_000 }).toBe(events);
      // In the order of the log, repeats aside.
      expect(firsts).toEqual(sent);
      await expect
        .poll(async () =>
          (await trail.forwarders.reconcile("f")).reduce((sum, { confirmed }) => sum + confirmed, 0),
        )
        .toBe(events);
      // A try that failed may stand in the rows; the last word on each event is that it was taken.
      expect(await trail.forwarders.retryFailed("f")).toMatchObject({ attempted: 0 });
      await end();
      await trail.close();
    },
    120_000,
  );
});
