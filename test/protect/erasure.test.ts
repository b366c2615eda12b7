import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTrail, type Trail, type TrailOptions } from "../../src/index.ts";
import { openReceiver } from "../forward/receiver.ts";

let folder: string;
let trail: Trail;
const opened: Trail[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "daybook-erase-"));
  trail = open();
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  rmSync(folder, { recursive: true });
});

function open(options: TrailOptions = {}): Trail {
  const one = openTrail(join(folder, "daybook.db"), options);
  opened.push(one);
  return one;
}

const SECRET = "the diagnosis of Ms Quux";
const ABOUT = { type: "note.written", subject: "patient-7", agent: "doctor" };

/** Names of files below the folder that hold the text. */
function filesWith(bytes: string | Uint8Array): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => {
    const path = join(folder, name);
    return statSync(path).isFile() && readFileSync(path).includes(Buffer.from(bytes));
  });
}

async function record(count: number, subject = "patient-7"): Promise<void> {
  for (let n = 0; n < count; n++)
    trail.record({
      ...ABOUT,
      subject,
      summary: `${SECRET} ${n}`,
      actor: { id: "u1", label: SECRET },
      error: SECRET,
      data: { finding: SECRET, n },
    });
  await trail.flush();
}

describe("an event about a subject", () => {
  it("reads as it was recorded, and stands on no disk in the clear", async () => {
    trail.record({ ...ABOUT, summary: SECRET, data: { finding: SECRET } });
    // While it is in the spool, and when it is in the store.
    expect(filesWith(SECRET)).toEqual([]);
    await trail.flush();
    expect(filesWith(SECRET)).toEqual([]);
    expect(filesWith("patient-7")).toEqual([]);
    const { events } = await trail.events.list();
    expect(events).toMatchObject([{ summary: SECRET, data: { finding: SECRET }, agent: "doctor" }]);
    expect(await trail.events.get(events[0]?.id ?? "")).toEqual(events[0]);
    for await (const event of trail.events.export()) expect(event.summary).toBe(SECRET);
    // What is under a key is in no index, either.
    expect((await trail.events.search("diagnosis")).events).toEqual([]);
  });

  it("keeps what views are folded from, and compares arguments without showing them", async () => {
    const own = { subject: "patient-7", agent: "doctor" };
    const run = trail.runs.begin({ id: "r1", skillId: "triage", inputs: { who: SECRET } });
    await run.finish({ status: "ok", output: SECRET, inputTokens: 7 });
    const asked = { ...own, tool: "mail.send", args: { to: SECRET } };
    const id = trail.approvals.request(asked);
    await trail.approvals.decide(id, { decision: "approved", by: { id: "alice" } });
    expect((await trail.approvals.start(id, asked)).broken).toEqual([]);
    expect((await trail.approvals.start(id, { ...asked, args: { to: "x" } })).broken).toContain(
      "other_arguments",
    );
    expect((await trail.tools.repeats({ tool: "mail.send", args: { to: SECRET } })).calls).toHaveLength(1);
    const row = await (await trail.store()).row("default", "approvals", id);
    expect(JSON.stringify(row)).not.toContain(SECRET);
    expect(await trail.approvals.get(id)).toMatchObject({ args: { to: SECRET } });
  });

  it("is named by a field, where the trail is told so", async () => {
    const named = open({ subjectFrom: "conversation_id" });
    named.record({ type: "note.written", conversationId: "c1", summary: SECRET });
    named.record({ type: "note.written", summary: "of nobody" });
    await named.flush();
    expect(filesWith(SECRET)).toEqual([]);
    expect(await named.erase({ subject: "c1" })).toMatchObject({ events: 1 });
    expect(() => open({ subjectFrom: "data" as "agent" })).toThrow(/subjectFrom must be one of actor_id/);
  });
});

describe("an erasure", () => {
  it("makes it unreadable everywhere, leaves a receipt, and every proof still holds", async () => {
    await record(3);
    await record(2, "patient-8");
    await trail.seal();
    const proof = await trail.proof(2);
    const db = new DatabaseSync(join(folder, "daybook.db.subjects"), { readOnly: true });
    const keys = db
      .prepare("SELECT key FROM keys")
      .all()
      .map(({ key }) => key as Uint8Array);
    db.close();
    expect(keys).toHaveLength(2);
    const erased = await trail.erase({ subject: "patient-7", reason: "request 118", actor: { id: "dpo" } });
    expect(erased).toMatchObject({ events: 3, range: [1, 3], receiptId: expect.any(String) });
    const { events } = await trail.events.list({ direction: "asc" });
    for (const event of events.slice(0, 3)) {
      expect(event).toMatchObject({
        summary: null,
        error: null,
        actor: { id: "u1", label: null },
        agent: "doctor",
      });
      expect(event.data).toEqual({ "daybook.erased": { key: expect.any(String) } });
    }
    expect(events[3]?.summary).toBe(`${SECRET} 0`);
    const left = keys.filter((key) => filesWith(key).length > 0);
    expect(left).toHaveLength(1);
    const receipt = await trail.events.get(erased.receiptId ?? "");
    expect(receipt).toMatchObject({
      type: "trail.erased",
      actor: { id: "dpo" },
      data: {
        events: 3,
        first_seq: 1,
        last_seq: 3,
        size_before: 5,
        policy: "request 118",
        subject: erased.pseudonym,
      },
    });
    expect(JSON.stringify(receipt)).not.toContain("patient-7");
    const told = await trail.events.list({ tenant: "daybook", filter: { type: "trail.erased" } });
    expect(told.events).toHaveLength(1);
    await trail.seal();
    expect((await trail.verify()).holds).toBe(true);
    expect((await trail.proof(2)).leaf).toEqual({ ...proof.leaf, key: undefined });
    expect(await trail.erase({ subject: "patient-7" })).toMatchObject({ events: 0, receiptId: null });
  });

  it("is refused by a legal hold, and a dry run changes nothing", async () => {
    await record(2);
    expect(await trail.erase({ subject: "patient-7", dryRun: true })).toMatchObject({
      events: 2,
      receiptId: null,
    });
    await trail.retention.hold({ id: "case-9", reason: "litigation", filter: { agent: "doctor" } });
    await expect(trail.erase({ subject: "patient-7" })).rejects.toMatchObject({
      code: "erasure.held",
      message: expect.stringContaining("case-9"),
    });
    expect((await trail.events.list()).events[0]?.summary).toContain(SECRET);
    await trail.retention.release("case-9");
    expect(await trail.erase({ subject: "patient-7" })).toMatchObject({ events: 2 });
  });

  it("counts for other processes at once, and a later event gets a key of its own", async () => {
    await record(1);
    const agent = open();
    agent.record({ ...ABOUT, summary: `${SECRET} a` });
    await agent.flush();
    await trail.erase({ subject: "patient-7" });
    agent.record({ ...ABOUT, summary: "told again, later" });
    await agent.flush();
    const texts = (await agent.events.list({ filter: { agent: "doctor" } })).events.map(
      ({ summary }) => summary,
    );
    expect(texts).toEqual(["told again, later", null, null]);
    expect(await trail.erase({ subject: "patient-7" })).toMatchObject({ events: 1 });
  });

  it("also holds for what was said before it and comes after it", async () => {
    await record(1);
    const before = new Date();
    await trail.erase({ subject: "patient-7" });
    trail.record({ ...ABOUT, occurredAt: before, summary: SECRET, data: { finding: SECRET } });
    await trail.flush();
    const { events } = await trail.events.list({ limit: 1 });
    expect(events).toMatchObject([{ summary: null, data: { "daybook.erased": {} } }]);
    expect(filesWith(SECRET)).toEqual([]);
  });

  it("that died before its receipt is told by the next one", async () => {
    await record(2);
    const path = join(folder, "daybook.db.subjects");
    // As after a kill between the key and the receipt.
    const db = new DatabaseSync(path);
    const key = db.prepare("SELECT * FROM keys").get();
    db.prepare("INSERT INTO erasures VALUES (?, ?, ?, ?, 0)").run(
      key?.id ?? "",
      key?.subject ?? "",
      key?.since ?? 0,
      Date.now() * 1_000,
    );
    db.exec("DELETE FROM keys");
    db.close();
    expect(await trail.erase({ subject: "patient-7" })).toMatchObject({
      events: 2,
      receiptId: expect.any(String),
    });
    expect(await trail.erase({ subject: "patient-7" })).toMatchObject({ receiptId: null });
  });

  it("leaves nothing that cannot be put under a key", async () => {
    writeFileSync(
      join(folder, "daybook.db.subjects"),
      "no database at all, and long enough to be read as one",
    );
    const problems: string[] = [];
    const careful = open({ onProblem: ({ message }) => problems.push(message) });
    careful.record({ ...ABOUT, summary: SECRET });
    await careful.flush();
    expect(problems.join()).toContain("not a database");
    expect(filesWith(SECRET)).toEqual([]);
  });

  it("refuses a subject without a name", async () => {
    await expect(trail.erase({ subject: "" })).rejects.toMatchObject({ field: "subject" });
  });
});

describe("forwarding what is about a subject", () => {
  it("sends it as it was, keeps no copy, and sends nothing of it after an erasure", async () => {
    let isDown = true;
    const receiver = await openReceiver(({ body }) =>
      isDown ? { status: 400, body: `I do not like ${body}` } : { status: 200 },
    );
    const forwarding = { allowPrivate: true, secretKey: Buffer.alloc(32, 7).toString("base64") };
    const sender = open({ forwarding });
    await sender.forwarders.create({
      id: "hook",
      name: "hook",
      forwarder_type: "http",
      configuration: { url: receiver.url },
      environments: { production: { enabled: true } },
    });
    const stop = await sender.forwarders.run({ backoff: { baseMs: 10, maxMs: 20 } });
    sender.record({ ...ABOUT, summary: SECRET, data: { finding: SECRET } });
    await sender.flush();
    await expect.poll(() => receiver.requests.length).toBeGreaterThan(0);
    expect(receiver.requests[0]?.body).toContain(SECRET);
    await expect
      .poll(async () => (await sender.forwarders.deliveries("hook")).deliveries.length)
      .toBeGreaterThan(0);
    expect(filesWith(SECRET)).toEqual([]);
    await sender.erase({ subject: "patient-7" });
    isDown = false;
    const before = receiver.requests.length;
    await sender.forwarders.retryFailed("hook");
    await expect.poll(() => receiver.requests.length).toBeGreaterThan(before);
    for (const { body } of receiver.requests.slice(before)) expect(body).not.toContain(SECRET);
    await stop();
    await receiver.close();
  });
});
