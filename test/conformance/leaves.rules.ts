import { describe, expect, it } from "vitest";
import { columnsOf, LeafEncoder } from "../../src/event/leaf.ts";
import type { Condition } from "../../src/query/filter.ts";
import type { Store } from "../../src/store/store.ts";
import { leafHash } from "../../src/tlog/hash.ts";
import { draft, lines, query } from "./drafts.ts";
import type { Subject } from "./store.suite.ts";

const saltKey = new Uint8Array(32).fill(9);
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const ask = (after = 0, limit = 10_000) => ({ tenant: "default", after, limit, saltKey });

export function leafRules(subject: Subject): void {
  describe("leaves", () => {
    it("are made of what was stored first, also after the store was opened again", async () => {
      const odd = '{"z":1.0,"a":{"10":1,"9":2},"n":1e2,"u":"\\u00fc \\u2028","x":" "}';
      const first = JSON.stringify(draft({ event_type: "a", usage: { output: 1, input: 2 } }));
      await subject.store.append([
        first,
        `${first.slice(0, -1).replace(/"id":"[^"]+"/, `"id":"${draft().id}"`)},"data":${odd}}`,
      ]);
      const entries = await subject.store.entries(ask());
      expect(JSON.parse(entries[1]?.payload ?? "")[2]).toBe(JSON.stringify(JSON.parse(odd)));
      expect(JSON.parse(entries[0]?.entry ?? "")).toContain('{"output":1,"input":2}');
      const again = await subject.reopened();
      if (again !== null) expect(await again.entries(ask())).toEqual(entries);
    });

    it("are the same in every store, and come in pages", async () => {
      const drafts = lines(300, (n) => ({
        emitter_id: "e",
        emitter_epoch: 1,
        emitter_number: n,
        do_not_forward: n % 2 === 0,
        parent_id: draft().id,
        duration_ms: n,
        cost_usd: "0.10",
        error: "boom",
        actor_label: "Ада",
        data: { n, list: [n, null, "ü"] },
      }));
      await subject.store.append(drafts);
      await subject.store.append(lines(3, () => ({ tenant: "other" })));
      const { events } = await subject.store.list(query([], { direction: "asc" }));
      const encoder = new LeafEncoder(saltKey);
      const expected = events.map((event) => encoder.encode(event.seq, columnsOf(event)));
      const entries = await subject.store.entries(ask());
      expect(entries.map((entry) => ({ ...entry, salt: Buffer.from(entry.salt) }))).toEqual(
        expected.map((entry) => ({ ...entry, salt: Buffer.from(entry.salt) })),
      );
      const { seqs, hashes } = await subject.store.leaves(ask(100, 50));
      expect([...seqs]).toEqual(Array.from({ length: 50 }, (_, i) => 101 + i));
      expect(Buffer.from(hashes)).toEqual(
        Buffer.concat(entries.slice(100, 150).map(({ entry }) => leafHash(Buffer.from(entry)))),
      );
      expect((await subject.store.leaves({ ...ask(), tenant: "nobody" })).seqs).toHaveLength(0);
    });

    it("leave out what was pruned", async () => {
      await subject.store.append(lines(5, (n) => ({ agent: `agent ${n % 2}` })));
      const where: Condition[] = [{ op: "any", field: "agent", values: ["agent 0"] }];
      await subject.store.prune({ tenant: "default", where, except: [], limit: 10 });
      expect([...(await subject.store.leaves(ask())).seqs]).toEqual([1, 3, 5]);
    });
  });

  describe("named bytes", () => {
    const read = (store: Store, name: string) => store.blob("default", name);

    it("are kept for each tenant, replaced and taken away", async () => {
      const { store } = subject;
      expect(await read(store, "a")).toBeNull();
      expect(await store.writeBlobs("default", [{ name: "a", bytes: bytes("1") }])).toBe(true);
      expect(await store.writeBlobs("other", [{ name: "a", bytes: bytes("other") }])).toBe(true);
      await store.writeBlobs("default", [{ name: "b", bytes: new Uint8Array() }]);
      await store.writeBlobs("default", [{ name: "a", bytes: bytes("2") }]);
      const now = (await subject.reopened()) ?? store;
      expect(await read(now, "a")).toEqual(bytes("2"));
      expect(await read(now, "b")).toEqual(new Uint8Array());
      await now.writeBlobs("default", [{ name: "a", bytes: null }]);
      expect(await read(now, "a")).toBeNull();
      expect(await now.blob("other", "a")).toEqual(bytes("other"));
    });

    it("change together, or not at all where one is not as expected", async () => {
      const { store } = subject;
      const first = { name: "a", bytes: bytes("1"), expect: null };
      expect(await store.writeBlobs("default", [first])).toBe(true);
      expect(await store.writeBlobs("default", [{ name: "b", bytes: bytes("x") }, first])).toBe(false);
      expect(await read(store, "b")).toBeNull();
      expect(await store.writeBlobs("default", [{ name: "a", bytes: bytes("2"), expect: bytes("0") }])).toBe(
        false,
      );
      expect(await store.writeBlobs("default", [{ name: "a", bytes: bytes("2"), expect: bytes("1") }])).toBe(
        true,
      );
      expect(await read(store, "a")).toEqual(bytes("2"));
    });

    it("let one of several win", async () => {
      const writes = Array.from({ length: 8 }, (_, n) =>
        subject.store.writeBlobs("default", [{ name: "a", bytes: bytes(`${n}`), expect: null }]),
      );
      expect((await Promise.all(writes)).filter(Boolean)).toHaveLength(1);
    });

    it("are listed by prefix, in order, in pages", async () => {
      const names = ["tile/0/1", "tile/0/2", "tile/1/0", "a", "z", "tile0"];
      await subject.store.writeBlobs(
        "default",
        names.map((name) => ({ name, bytes: bytes(name) })),
      );
      const list = (after?: string, limit = 10) =>
        subject.store.blobNames({ tenant: "default", prefix: "tile/", limit, ...(after && { after }) });
      expect(await list()).toEqual(["tile/0/1", "tile/0/2", "tile/1/0"]);
      expect(await list("tile/0/1", 1)).toEqual(["tile/0/2"]);
    });
  });
}
