import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseCheckpoint } from "../../src/tlog/checkpoint.ts";
import { cosignedAt } from "../../src/tlog/cosignature.ts";
import { parseVerifier } from "../../src/tlog/note.ts";
import { showTo } from "../../src/trail/witness/follower.ts";
import { openReceiver, type Received } from "../forward/receiver.ts";
import { Ground, judged, keptBy, record } from "./ground.ts";

let ground: Ground;
beforeEach(() => {
  ground = new Ground();
});
afterEach(() => ground.close());

const states = { confirmed: { state: "confirmed", problem: null } };

describe("a witness", () => {
  it("cosigns each checkpoint that follows from the last, and the log shows the cosignature", async () => {
    const log = ground.open("log");
    const { witness, trail } = await ground.serve("other", [log.log.identity()?.log ?? ""]);
    for (const count of [1, 2, 300]) {
      await record(log, count);
      expect(await showTo(witness, await log.store(), "default")).toMatchObject(states.confirmed);
    }
    const checkpoint = parseCheckpoint((await log.log.checkpoint()) ?? "");
    const verifier = parseVerifier(trail.log.identity()?.witness ?? "");
    if (checkpoint === null || verifier === null) throw new Error("not parsed");
    expect(cosignedAt(checkpoint.note, verifier)).toBeGreaterThan(1_700_000_000);
    expect(await log.log.witnesses()).toMatchObject([{ size: 303, state: "confirmed" }]);
    const { holds, says } = await judged(log, [witness]);
    expect(holds).toBe(true);
    expect(says.authorship).toContain("saw its first 303 events at 20");
    expect(says.tail).toContain("nobody set back, together with the database, what");
  });

  it("answers as C2SP tlog-witness says to what does not fit", async () => {
    const log = ground.open("log");
    const stranger = ground.open("stranger");
    const { url } = await ground.serve("other", [log.log.identity()?.log ?? ""]);
    await record(log, 3);
    const first = (await log.log.checkpoint()) ?? "";
    await record(log, 4);
    const second = (await log.log.checkpoint()) ?? "";
    await record(stranger, 3);
    const post = async (body: string) => {
      const answer = await fetch(`${url}/witness/add-checkpoint`, { method: "POST", body });
      return [answer.status, answer.headers.get("content-type"), await answer.text()];
    };
    const size = "text/x.tlog.size";
    expect(await post("nonsense")).toContain(400);
    expect(await post(`old 9\n\n${first}`)).toContain(400);
    expect(await post(`old 0\n\n${(await stranger.log.checkpoint()) ?? ""}`)).toContain(404);
    expect(await post(`old 0\n\n${first.replace(/(— \S+ \S{20})..../gu, "$1AAAA")}`)).toContain(403);
    expect(await post(`old 2\n\n${first}`)).toEqual([409, size, "0\n"]);
    expect((await post(`old 0\n\n${first}`))[0]).toBe(200);
    expect(await post(`old 0\n\n${second}`)).toEqual([409, size, "3\n"]);
    expect(await post(`old 3\n\n${second}`)).toContain(422);
    const { hashes } = await log.log.consistency(3);
    expect((await post(`old 3\n${hashes.join("\n")}\n\n${second}`))[0]).toBe(200);
    // Once more the same: a witness may be asked again after a lost answer.
    expect((await post(`old 7\n\n${second}`))[0]).toBe(200);
    const origin = encodeURIComponent(second.split("\n")[0] ?? "");
    expect(await (await fetch(`${url}/witness/checkpoint?origin=${origin}`)).text()).toBe(second);
    expect((await fetch(`${url}/witness/checkpoint?origin=nobody`)).status).toBe(404);
  });

  it("catches a log that shows two histories, and keeps the proof of it", async () => {
    const log = ground.open("log");
    await record(log, 5);
    await log.close();
    ground.copy("log", "fork");
    const [one, two] = [ground.open("log"), ground.open("fork")];
    const { witness, trail, url } = await ground.serve("other", [one.log.identity()?.log ?? ""]);
    await record(one, 3, "shown to you");
    await record(two, 3, "shown to others");
    expect(await showTo(witness, await one.store(), "default")).toMatchObject(states.confirmed);
    expect(await showTo(witness, await two.store(), "default")).toMatchObject({ state: "contradicts" });
    expect(await judged(one, [witness])).toMatchObject({ holds: true });
    const found = await judged(two, [witness]);
    expect(found).toMatchObject({ holds: false });
    expect(found.problems).toEqual(["checkpoint.split", "witness.contradicts"]);
    const origin = encodeURIComponent(((await one.log.checkpoint()) ?? "").split("\n")[0] ?? "");
    const proof = await (await fetch(`${url}/witness/split?origin=${origin}`)).text();
    expect(parseCheckpoint(proof)).toMatchObject({ size: 8 });
    const told = await trail.events.list({ tenant: "daybook", filter: { type: "log.contradicted" } });
    expect(told.events).toMatchObject([{ severity: "FATAL" }]);
  });

  it("finds what nothing else can: a store set back with its key file", async () => {
    const log = ground.open("log");
    await record(log, 5);
    await log.close();
    ground.copy("log", "before");
    const later = ground.open("log");
    const { witness } = await ground.serve("other", [later.log.identity()?.log ?? ""]);
    await record(later, 5);
    await showTo(witness, await later.store(), "default");
    const back = ground.open("before");
    const alone = await judged(back);
    expect(alone.holds).toBe(true);
    expect(alone.says.tail).toMatch(/nobody who can set the database back/);
    expect(await judged(back, [witness])).toMatchObject({
      holds: false,
      problems: ["checkpoint.rolled_back"],
    });
    expect(await showTo(witness, await back.store(), "default")).toMatchObject({
      state: "contradicts",
      problem: expect.stringContaining("it has seen 10 events"),
    });
  });

  it("that is away is asked again, and the verdict says that it could not be asked", async () => {
    const log = ground.open("log");
    await record(log, 2);
    const { witness } = await ground.serve("other", [log.log.identity()?.log ?? ""]);
    const key = ground.open("third").log.identity()?.witness ?? "";
    const away = keptBy(`${key} http://127.0.0.1:9/witness`);
    expect(await showTo(away, await log.store(), "default")).toMatchObject({ state: "waiting", size: 0 });
    const problems: string[] = [];
    const stop = await log.log.keepWitnessed({
      witnesses: [away, witness],
      turnMs: 20,
      onProblem: ({ message }) => problems.push(message),
    });
    await expect
      .poll(async () => (await log.log.witnesses()).map(({ state }) => state).sort())
      .toEqual(["confirmed", "waiting"]);
    await stop();
    expect(problems).toEqual([expect.stringContaining("127.0.0.1:9")]);
    const { holds, says } = await judged(log, [away]);
    expect(holds).toBe(true);
    expect(says.tail).toContain("could not be asked");
  });

  it("that lies about its key is not believed", async () => {
    const log = ground.open("log");
    await record(log, 2);
    const { url } = await ground.serve("other", [log.log.identity()?.log ?? ""]);
    const liar = keptBy(`${ground.open("third").log.identity()?.witness} ${url}/witness`);
    expect(await showTo(liar, await log.store(), "default")).toMatchObject({
      state: "waiting",
      problem: expect.stringContaining("not by the key"),
    });
  });
});

describe("what keeps checkpoints", () => {
  /** The same of each: it keeps what follows, and holds a store that was set back, or forked, against it. */
  async function judgeKeeper(name: string): Promise<void> {
    const keeper = keptBy(name);
    const log = ground.open("log");
    await record(log, 5);
    await log.close();
    ground.copy("log", "before");
    const later = ground.open("log");
    expect(await showTo(keeper, await later.store(), "default")).toMatchObject(states.confirmed);
    await record(later, 5);
    expect(await showTo(keeper, await later.store(), "default")).toMatchObject({
      size: 10,
      ...states.confirmed,
    });
    expect(await judged(later, [keeper])).toMatchObject({ holds: true });
    const back = ground.open("before");
    expect(await judged(back, [keeper])).toMatchObject({ problems: ["checkpoint.rolled_back"] });
    expect(await showTo(keeper, await back.store(), "default")).toMatchObject({ state: "contradicts" });
    await record(back, 20, "another history");
    expect(await judged(back, [keeper])).toMatchObject({
      problems: ["checkpoint.split", "witness.contradicts"],
    });
  }

  it("is a folder", async () => {
    await judgeKeeper(`dir:${join(ground.folder, "kept")}`);
    const [log = ""] = readdirSync(join(ground.folder, "kept"));
    expect(readdirSync(join(ground.folder, "kept", log))).toEqual([
      "0000000000000005.checkpoint",
      "0000000000000010.checkpoint",
    ]);
  });

  it("is a git repository, with a commit for each, pushed", async () => {
    const [tree, far] = [join(ground.folder, "tree"), join(ground.folder, "far.git")];
    mkdirSync(tree);
    execFileSync("git", ["init", "-q", "--bare", far]);
    execFileSync("git", ["-C", tree, "init", "-q", "-b", "main"]);
    execFileSync("git", ["-C", tree, "remote", "add", "origin", far]);
    await judgeKeeper(`git:${tree}`);
    const said = execFileSync("git", ["-C", far, "log", "--format=%s", "main"], { encoding: "utf8" });
    expect(said).toMatch(/: 10 events\n.*: 5 events\n$/);
  });

  it("is a bucket whose objects are made once", async () => {
    const objects = new Map<string, string>();
    const answer = ({ method, url, headers, body }: Received) => {
      expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=me\//);
      const known = objects.get(url);
      if (method === "GET") return known === undefined ? { status: 404 } : { status: 200, body: known };
      if (headers["if-none-match"] === "*" && known !== undefined) return { status: 412 };
      objects.set(url, body);
      return { status: 200 };
    };
    const bucket = await openReceiver(answer);
    await judgeKeeper(`bucket:${bucket.url}/daybook/`);
    expect([...objects.keys()].filter((key) => !key.endsWith("newest.checkpoint"))).toHaveLength(2);
    await bucket.close();
  });

  it("is named so that a mistake is said", () => {
    expect(() => keptBy("ftp://somewhere")).toThrow(/DAYBOOK_WITNESSES names each witness as KEY URL/);
    expect(() => keptBy("bucket:nowhere")).toThrow(/by a URL/);
  });
});
