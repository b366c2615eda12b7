import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTrail } from "../../src/index.ts";
import { leafHash } from "../../src/tlog/hash.ts";
import { verifyInclusion } from "../../src/tlog/proof.ts";
import { parseProofFile } from "../../src/tlog/proof-file.ts";
import type { Trail } from "../../src/trail/trail.ts";
import { posOf } from "./ground.ts";

let folder: string;
let path: string;
let trail: Trail;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "daybook-retention-"));
  path = join(folder, "daybook.db");
  trail = openTrail(path);
  for (let n = 1; n <= 60; n++) {
    const occurredAt = new Date(Date.UTC(2020 + (n % 2), 1, 1));
    trail.record({
      type: "tool.execute",
      category: n % 3 === 0 ? "llm" : "tool_call",
      occurredAt,
      summary: `call ${n}`,
    });
  }
  await trail.flush();
});
afterEach(async () => {
  await trail.close();
  rmSync(folder, { recursive: true });
});

const before = new Date(Date.UTC(2020, 6, 1));

async function problems(): Promise<string[]> {
  const { claims } = await trail.verify();
  return claims.flatMap((claim) => claim.problems.map(({ kind }) => kind));
}

describe("retention", () => {
  it("leaves every proof as it was, and a receipt that verification reads", async () => {
    await trail.seal();
    const old = parseProofFile((await trail.proof(2)).file);
    const { removed } = await trail.prune({ before });
    expect(removed).toBe(30);
    await trail.seal();
    const verdict = await trail.verify();
    expect(verdict).toMatchObject({ holds: true, pruned: 30 });
    expect(verdict.claims[0]?.says).toContain("30 more were taken out by retention");
    if (old === null) throw new Error("not parsed");
    const { entry } = JSON.parse(Buffer.from(old.extra ?? []).toString());
    expect(
      verifyInclusion(leafHash(Buffer.from(entry)), 1, old.signed.size, old.hashes, old.signed.root),
    ).toBe(true);
    const gone = await trail.proof(2);
    expect(gone.leaf).toBeNull();
    expect(gone.hashes.length).toBeGreaterThan(0);
  });

  it("seals what it is about to take, and says the root before in its receipt", async () => {
    await trail.prune({ before });
    const { events } = await trail.events.list({ filter: { type: "trail.pruned" } });
    expect(events[0]?.data).toMatchObject({ removed: 30, first_seq: 2, last_seq: 60, size_before: 60 });
    expect(events[0]?.data.root_before).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect(await trail.verify()).toMatchObject({ holds: true, pruned: 30 });
  });

  it("excuses no event more than its receipt says", async () => {
    await trail.prune({ before, category: "llm" });
    await trail.seal();
    expect(await problems()).toEqual([]);
    await trail.close();
    const db = new DatabaseSync(path);
    db.prepare("DELETE FROM events WHERE pos = ?").run(posOf(db, 31));
    db.close();
    trail = openTrail(path);
    expect(await problems()).toContain("event.deleted");
  });

  it("believes no receipt that an agent recorded", async () => {
    trail.record({
      type: "trail.pruned",
      source: "daybook",
      data: { removed: 60, first_seq: 1, last_seq: 60, tenant: "default" },
    });
    await trail.flush();
    await trail.seal();
    await trail.close();
    const db = new DatabaseSync(path);
    db.prepare("DELETE FROM events WHERE pos = ?").run(posOf(db, 31));
    db.close();
    trail = openTrail(path);
    expect(await problems()).toContain("event.deleted");
  });
});
