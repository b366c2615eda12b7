import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { daybook } from "./daybook.ts";

let cwd: string;
beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), "daybook-prove-"));
  const lines = Array.from(
    { length: 20 },
    (_, n) => `{"event_type":"a.b","run_id":"run ${n % 2}","description":"n ${n}"}\n`,
  );
  expect((await daybook(cwd, ["record"], { input: lines.join("") })).status).toBe(0);
});
afterEach(() => rmSync(cwd, { recursive: true }));

function tamper(sql: string): void {
  const db = new DatabaseSync(join(cwd, "daybook.db"));
  db.exec(sql);
  db.close();
}

describe("daybook verify", () => {
  it("exits 0 on a trail that nobody touched, and says what it rests on", async () => {
    const { status, stdout } = await daybook(cwd, ["verify"]);
    expect(status).toBe(0);
    expect(stdout).toContain("20 events, 20 sealed");
    expect(stdout).toContain("Every claim that can be checked holds.");
    const [verdict] = (await daybook(cwd, ["verify", "--json", "--tenant", "default"])).stdout
      .trim()
      .split("\n");
    expect(JSON.parse(verdict ?? "")).toMatchObject({ tenant: "default", holds: true, sealed: 20 });
  });

  it("exits 1 and names what happened", async () => {
    tamper("UPDATE events SET description = 'x' WHERE description = 'n 7'");
    const { status, stdout } = await daybook(cwd, ["verify"]);
    expect(status).toBe(1);
    expect(stdout).toContain("Event 8 is not what was signed.");
  });

  it("sees a tail that was cut, with the counts mended", async () => {
    tamper(
      "DELETE FROM events WHERE description IN ('n 18', 'n 19'); UPDATE tenants SET head = 18 WHERE name = 'default'",
    );
    const { status, stdout } = await daybook(cwd, ["verify"]);
    expect(status).toBe(1);
    expect(stdout).toContain("The log ends at 18; 20 events were signed.");
  });

  it("judges by a key that was revoked, until the log is signed anew", async () => {
    expect((await daybook(cwd, ["seal"])).status).toBe(0);
    const [key] = JSON.parse(readFileSync(join(cwd, "daybook.db.keys"), "utf8")).keys;
    const revoked = await daybook(cwd, ["seal", "--revoke-key", key.public]);
    expect(revoked.status).toBe(0);
    const file = JSON.parse(readFileSync(join(cwd, "daybook.db.keys"), "utf8"));
    expect(file.keys.map(({ state }: { state: string }) => state)).toEqual(["revoked", "active"]);
    expect(file.keys[0].seed).toBe(null);
    expect((await daybook(cwd, ["verify"])).status).toBe(0);
    const unknown = await daybook(cwd, ["seal", "--revoke-key", "AAAA"]);
    expect(unknown).toMatchObject({ status: 2, stderr: expect.stringContaining("No key of this log") });
    // The one that signed it now is revoked, too, and nobody has signed since.
    const old = readFileSync(join(cwd, "daybook.db.keys"), "utf8").replace('"active"', '"revoked"');
    writeFileSync(join(cwd, "daybook.db.keys"), old);
    const broken = await daybook(cwd, ["verify"]);
    expect(broken.status).toBe(1);
    expect(broken.stdout).toContain("signed by a revoked key alone");
  });

  it("needs a trail", async () => {
    expect((await daybook(cwd, ["verify", "--db", "none.db"])).status).toBe(8);
  });
});

describe("daybook proof, seal and export", () => {
  it("prints a proof that others can check", async () => {
    const { status, stdout } = await daybook(cwd, ["proof", "3"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^c2sp\.org\/tlog-proof@v1\nextra \S+\nindex 2\n/);
    expect((await daybook(cwd, ["proof", "99"])).status).toBe(4);
  });

  it("rotates the key, and goes on", async () => {
    const { status, stdout } = await daybook(cwd, ["seal", "--rotate-key", "--json"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout.split("\n")[0] ?? "")).toMatchObject({ size: 20 });
    expect(JSON.parse(readFileSync(join(cwd, "daybook.db.keys"), "utf8")).keys).toHaveLength(2);
    expect((await daybook(cwd, ["verify"])).status).toBe(0);
  });

  it("writes a bundle that its own verifiers and `verify --bundle` accept, until it is touched", async () => {
    const made = await daybook(cwd, ["export", "--run", "run 1", "--evidence", "case"]);
    expect(made.status).toBe(0);
    for (const name of ["evidence.ndjson", "report.html", "verify.mjs", "verify.py", "README.txt"])
      expect(existsSync(join(cwd, "case", name))).toBe(true);
    const path = join(cwd, "case", "evidence.ndjson");
    expect((await daybook(cwd, ["verify", "--bundle", path])).status).toBe(0);
    expect((await daybook(cwd, ["export", "--evidence", "case"])).status).toBe(2);
    writeFileSync(path, readFileSync(path, "utf8").replace("n 5", "n 6"));
    const broken = await daybook(cwd, ["verify", "--bundle", path]);
    expect(broken.status).toBe(1);
    expect(broken.stdout).toContain("The payload of event 6 is not what was hashed.");
  });

  it("exports events as NDJSON", async () => {
    const { stdout } = await daybook(cwd, ["export", "--run", "run 0"]);
    expect(stdout.trim().split("\n")).toHaveLength(10);
  });
});
