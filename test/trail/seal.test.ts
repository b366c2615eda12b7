import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { commitTo } from "../../src/event/leaf.ts";
import { openTrail } from "../../src/index.ts";
import { parseCheckpoint } from "../../src/tlog/checkpoint.ts";
import { leafHash } from "../../src/tlog/hash.ts";
import { isSignedBy, parseVerifier } from "../../src/tlog/note.ts";
import { verifyConsistency, verifyInclusion } from "../../src/tlog/proof.ts";
import { parseProofFile } from "../../src/tlog/proof-file.ts";
import type { Trail } from "../../src/trail/trail.ts";

let folder: string;
let path: string;
let trail: Trail;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "daybook-"));
  path = join(folder, "daybook.db");
  trail = openTrail(path);
});
afterEach(async () => {
  await trail.close();
  rmSync(folder, { recursive: true });
});

async function record(count: number, tenant = "default"): Promise<void> {
  for (let n = 0; n < count; n++)
    trail.record({ type: "tool.execute", tenant, summary: `call ${n}`, data: { n } });
  await trail.flush();
}

const decode = (hashes: readonly string[]): Uint8Array[] => hashes.map((hash) => Buffer.from(hash, "base64"));

async function signed(text: string | null) {
  const checkpoint = parseCheckpoint(text ?? "");
  if (checkpoint === null) throw new Error("no checkpoint");
  return checkpoint;
}

describe("sealing", () => {
  it("proves every event of every tenant, with nothing but the public key", async () => {
    await record(700);
    await record(3, "other");
    const sealed = await trail.seal();
    expect(sealed.map(({ tenant, size }) => [tenant, size])).toEqual([
      ["default", 700],
      ["other", 3],
    ]);
    const [key] = await trail.log.keys();
    const verifier = parseVerifier(key?.verifier ?? "");
    const { events } = await trail.events.list({ limit: 1000 });
    for (const event of events.filter(({ seq }) => seq % 50 === 1)) {
      const { file } = await trail.proof(event.id);
      const proof = parseProofFile(file);
      if (proof === null || verifier === null) throw new Error("not parsed");
      const leaf = JSON.parse(Buffer.from(proof.extra ?? []).toString());
      const { size, root, note } = proof.signed;
      expect(isSignedBy(note, verifier)).toBe(true);
      expect(proof.index).toBe(event.seq - 1);
      expect(verifyInclusion(leafHash(Buffer.from(leaf.entry)), proof.index, size, proof.hashes, root)).toBe(
        true,
      );
      expect(leaf.entry).toContain(commitTo(leaf.payload, Buffer.from(leaf.salt, "hex")));
      expect(leaf.payload).toContain(event.summary);
    }
  });

  it("grows by consistent checkpoints, and writes nothing where nothing is new", async () => {
    const sizes: number[] = [];
    let before = await signed(null).catch(() => null);
    for (const count of [1, 1, 254, 1, 300]) {
      await record(count);
      await trail.seal();
      const now = await signed(await trail.log.checkpoint());
      sizes.push(now.size);
      if (before !== null) {
        const { hashes } = await trail.log.consistency(before.size);
        expect(verifyConsistency(before.size, now.size, decode(hashes), before.root, now.root)).toBe(true);
      }
      before = now;
    }
    expect(sizes).toEqual([1, 2, 256, 257, 557]);
    const text = await trail.log.checkpoint();
    await trail.seal();
    expect(await trail.log.checkpoint()).toBe(text);
  });

  it("is done by several at once, in one history", async () => {
    await using other = openTrail(path);
    for (let round = 0; round < 5; round++) {
      await record(40);
      const all = await Promise.all([trail.seal(), other.seal(), trail.seal(), other.seal()]);
      for (const sealed of all) expect(sealed).toEqual(all[0]);
    }
  });

  it("goes on in another process's trail, with the same key, from the file", async () => {
    await record(10);
    await trail.seal();
    await trail.close();
    trail = openTrail(path);
    await record(10);
    const [sealed] = await trail.seal({ tenant: "default" });
    expect(sealed?.size).toBe(20);
    expect(await trail.log.keys()).toHaveLength(1);
    expect(statSync(`${path}.keys`).mode & 0o777).toBe(0o600);
  });

  it("follows the log until it is ended", async () => {
    await record(5);
    const problems: Error[] = [];
    const stop = await trail.log.keepSealed({
      intervalMs: 10,
      onProblem: (problem) => problems.push(problem),
    });
    await vi.waitFor(async () => expect((await signed(await trail.log.checkpoint())).size).toBe(5), 10_000);
    await record(5);
    await vi.waitFor(async () => expect((await signed(await trail.log.checkpoint())).size).toBe(10), 10_000);
    await record(1);
    await stop();
    expect((await signed(await trail.log.checkpoint())).size).toBe(11);
    expect(problems).toEqual([]);
  });

  it("serves tiles and entries that lead to the root", async () => {
    await record(300);
    await trail.seal();
    expect((await trail.log.tile("tile/0/000"))?.length).toBe(8192);
    expect((await trail.log.tile("tile/0/001.p/44"))?.length).toBe(44 * 32);
    expect((await trail.log.tile("tile/1/000.p/1"))?.length).toBe(32);
    for (const none of ["tile/0/001", "tile/0/001.p/45", "tile/2/000", "tile/0/002.p/1", "x"])
      expect(await trail.log.tile(none)).toBeNull();
    const bundle = Buffer.from((await trail.log.tile("tile/entries/001.p/44")) ?? []);
    const first = bundle.subarray(2, 2 + bundle.readUInt16BE(0));
    const leaves = Buffer.from((await trail.log.tile("tile/0/001.p/44")) ?? []);
    expect(Buffer.from(leafHash(first))).toEqual(leaves.subarray(0, 32));
  });

  it("says what is not sealed, and what is not there", async () => {
    await record(1);
    await expect(trail.proof(1)).rejects.toMatchObject({ code: "log.not_sealed" });
    await expect(trail.proof("0199a0b0-7abc-7def-8abc-00000000abcd")).rejects.toMatchObject({
      code: "event.not_found",
    });
    await trail.seal();
    await expect(trail.log.inclusion(1)).rejects.toMatchObject({ code: "log.not_sealed" });
    await expect(trail.log.consistency(0, 9)).rejects.toMatchObject({ code: "log.not_sealed" });
  });
});

describe("keys", () => {
  it("overlap when they are rotated, and a revoked one is replaced", async () => {
    await record(3);
    await trail.seal();
    trail.log.rotateKey();
    await record(3);
    await trail.seal();
    const [old, fresh] = await trail.log.keys();
    const { note } = await signed(await trail.log.checkpoint());
    for (const key of [old, fresh]) {
      const verifier = parseVerifier(key?.verifier ?? "");
      expect(verifier !== null && isSignedBy(note, verifier)).toBe(true);
    }
    expect([old?.state, fresh?.state]).toEqual(["overlap", "active"]);
    trail.log.revokeKey(publicOf(fresh?.verifier));
    await trail.seal();
    expect((await trail.log.keys()).map(({ state }) => state)).toEqual(["overlap", "revoked", "active"]);
    expect(() => trail.log.revokeKey("nobody's")).toThrow(
      expect.objectContaining({ code: "option.invalid" }),
    );
  });

  it("of another log sign nothing here", async () => {
    await record(3);
    await trail.seal();
    writeFileSync(
      `${path}.keys`,
      readFileSync(`${path}.keys`, "utf8").replaceAll(/"public": "..../g, '"public": "AAAA'),
    );
    await record(1);
    await expect(trail.seal()).rejects.toMatchObject({ code: "log.key_unknown" });
    writeFileSync(`${path}.keys`, "{");
    await expect(trail.seal()).rejects.toMatchObject({ code: "log.key_unknown" });
  });
});

function publicOf(verifier: string | undefined): string {
  const bytes = Buffer.from(verifier?.split("+").slice(2).join("+") ?? "", "base64");
  return bytes.subarray(1).toString("base64");
}

describe("a verification that was interrupted", () => {
  const judged = async (resume?: { tenant: string; done: number }) => {
    const verdict = await trail.verify(resume === undefined ? {} : { resume });
    return {
      holds: verdict.holds,
      problems: verdict.claims.flatMap(({ problems }) => problems.map(({ kind }) => kind)),
      content: verdict.claims[0]?.conditions.join(" "),
    };
  };
  const change = (seq: number): void => {
    const db = new DatabaseSync(path, { timeout: 5_000 });
    db.exec(`UPDATE events SET description = 'other' WHERE description = 'call ${seq - 1}'`);
    db.close();
  };

  it("goes on, takes over what it read as roots, and says so", async () => {
    await record(600);
    await trail.seal();
    const resume = { tenant: "default", done: 520 };
    expect(await judged(resume)).toMatchObject({
      holds: true,
      content: expect.stringContaining("the first 520 events, checked earlier, were not changed since"),
    });
    change(10);
    // What lies before is not read again: the condition says it, and the whole verification finds it.
    expect(await judged(resume)).toMatchObject({ holds: true });
    expect(await judged()).toMatchObject({ holds: false, problems: ["event.changed"] });
    change(550);
    expect(await judged(resume)).toMatchObject({ holds: false, problems: ["event.changed"] });
  });

  it("does not take over hashes that lead elsewhere", async () => {
    await record(600);
    await trail.seal();
    const db = new DatabaseSync(path, { timeout: 5_000 });
    db.exec("UPDATE blobs SET bytes = zeroblob(length(bytes)) WHERE name = 'log/tile/1/0'");
    db.close();
    expect(await judged({ tenant: "default", done: 512 })).toMatchObject({ holds: false });
  });
});
