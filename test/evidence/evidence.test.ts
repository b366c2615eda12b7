import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkEvidence } from "../../src/evidence/check.ts";
import { bundleFiles } from "../../src/evidence/files.ts";
import { reportPage } from "../../src/evidence/report.ts";
import { openTrail } from "../../src/index.ts";
import type { Condition } from "../../src/query/filter.ts";
import type { Trail } from "../../src/trail/trail.ts";
import { showTo } from "../../src/trail/witness/follower.ts";
import { Ground } from "../witness/ground.ts";

let folder: string;
let trail: Trail;
let key: string;
/** Lines of a bundle over the events 20 to 80, and of one over a run. */
let range: string[];
let run: string[];

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "daybook-evidence-"));
  for (const [name, text] of bundleFiles()) writeFileSync(join(folder, name), text);
  trail = openTrail(join(folder, "daybook.db"));
  for (let n = 1; n <= 100; n++) {
    trail.record({
      type: "tool.execute",
      runId: `run ${n % 4}`,
      summary: `Überweisung ${n} <b>\u202e`,
      data: { n },
      error: n % 7 === 0 ? "boom" : null,
    });
  }
  await trail.flush();
  await trail.seal();
  key = (await trail.log.keys())[0]?.verifier ?? "";
  range = await collect(trail.evidence({ range: [20, 80], selection: "20 to 80" }));
  run = await collect(
    trail.evidence({ where: [{ op: "any", field: "run_id", values: ["run 1"] }], selection: "a run" }),
  );
});
afterAll(async () => {
  await trail.close();
  rmSync(folder, { recursive: true });
});

interface Said {
  readonly holds: boolean;
  readonly claims: Record<string, string>;
  readonly problems: string[];
}

/** What each of the verifiers says, which must be the same. */
async function judge(
  lines: readonly string[],
  trusted?: string,
  witnesses: readonly string[] = [],
): Promise<Said> {
  const verdict = await checkEvidence(lines, trusted === undefined ? [] : [trusted], witnesses);
  const problems = verdict.claims.flatMap((claim) => claim.problems.map(({ kind }) => kind));
  const said: Said = {
    holds: verdict.holds,
    claims: Object.fromEntries(verdict.claims.map(({ claim, standing }) => [claim, standing])),
    problems: [...new Set(problems)].sort(),
  };
  const file = join(folder, `${Math.random().toString(36).slice(2)}.ndjson`);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  const words = [
    ...[file, "--json"],
    ...(trusted === undefined ? [] : ["--key", trusted]),
    ...witnesses.flatMap((witness) => ["--witness", witness]),
  ];
  expect(await runVerifier(process.execPath, [join(folder, "verify.mjs"), ...words])).toEqual(said);
  expect(await runVerifier("python3", [join(folder, "verify.py"), ...words])).toEqual(said);
  return said;
}

async function runVerifier(program: string, words: readonly string[]): Promise<Said> {
  const ended = await promisify(execFile)(program, [...words]).catch(
    (thrown: { stdout: string; code: number }) => thrown,
  );
  const said = JSON.parse(ended.stdout) as Said;
  expect("code" in ended ? ended.code : 0).toBe(said.holds ? 0 : 1);
  return said;
}

/** The lines with one record changed. */
function edit(
  lines: readonly string[],
  at: number,
  change: (record: Record<string, unknown>) => unknown,
): string[] {
  return lines.map((line, i) => {
    if (i !== at) return line;
    const record = JSON.parse(line);
    change(record);
    return JSON.stringify(record);
  });
}

describe("evidence", () => {
  it("is proved in content and order to who knows the key, by all three verifiers", async () => {
    expect(await judge(range, key)).toEqual({
      holds: true,
      claims: {
        content: "proved",
        order: "proved",
        tail: "not provable",
        completeness: "conditional",
        authorship: "conditional",
      },
      problems: [],
    });
  });

  it("never says more than it knows to who does not", async () => {
    const { holds, claims } = await judge(run);
    expect(holds).toBe(true);
    expect(claims).toMatchObject({ content: "conditional", order: "conditional", tail: "not provable" });
  });

  it("reaches the end of the log where it holds the end", async () => {
    const lines = await collect(trail.evidence({ range: [1, 100], selection: "all" }));
    expect((await judge(lines, key)).claims.tail).toBe("conditional");
  });

  const foreign = "daybook.local/0+00000000+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

  it.each<[string, () => string[], string]>([
    [
      "a payload is edited",
      () => edit(range, 5, (r) => Object.assign(r, { payload: '["x",null,"{}",null]' })),
      "event.changed",
    ],
    [
      "an entry is edited",
      () =>
        edit(range, 5, (r) =>
          Object.assign(r, { entry: String(r.entry).replace("tool.execute", "tool.exercise") }),
        ),
      "event.foreign",
    ],
    [
      "a salt is edited",
      () => edit(range, 5, (r) => Object.assign(r, { salt: "00".repeat(32) })),
      "event.changed",
    ],
    ["a proof is edited", () => edit(range, 5, (r) => (r.proof as string[]).reverse()), "event.foreign"],
    ["a proof is cut", () => edit(range, 5, (r) => (r.proof as string[]).pop()), "event.foreign"],
    ["an event is left out", () => range.filter((_, i) => i !== 5), "event.deleted"],
    [
      "an event is left out, and the counts made to fit",
      () =>
        edit(
          edit(
            range.filter((_, i) => i !== 5),
            0,
            (r) => Object.assign(r, { events: 60 }),
          ),
          60,
          (r) => Object.assign(r, { end: 60 }),
        ),
      "event.deleted",
    ],
    ["the end is cut", () => range.slice(0, -4), "bundle.cut"],
    ["an event stands twice", () => range.toSpliced(5, 0, range[5] as string), "event.order"],
    [
      "two events change places",
      () => range.with(5, range[6] as string).with(6, range[5] as string),
      "event.order",
    ],
    [
      "an event bears another number",
      () => edit(range, 5, (r) => Object.assign(r, { seq: 24.5 })),
      "bundle.malformed",
    ],
    [
      "an event is said to be gone",
      () =>
        edit(range, 5, (r) => {
          r.leaf = "AAAA";
          delete r.entry;
        }),
      "event.foreign",
    ],
    [
      "an event is of another tenant",
      () => edit(range, 0, (r) => Object.assign(r, { tenant: "other" })),
      "event.moved",
    ],
    [
      "the root is edited",
      () =>
        edit(range, 0, (r) =>
          Object.assign(r, { checkpoint: String(r.checkpoint).replace(/\n[A-Za-z0-9+/]{4}/, "\nAAAA") }),
        ),
      "checkpoint.signature",
    ],
    [
      "the signature is edited",
      () =>
        edit(range, 0, (r) =>
          Object.assign(r, { checkpoint: String(r.checkpoint).replace(/(— \S+ \S{20})..../, "$1AAAA") }),
        ),
      "checkpoint.signature",
    ],
    [
      "the checkpoint is nonsense",
      () => edit(range, 0, (r) => Object.assign(r, { checkpoint: "nonsense" })),
      "checkpoint.malformed",
    ],
    [
      "the key is another",
      () => edit(range, 0, (r) => Object.assign(r, { keys: [{ verifier: foreign, state: "active" }] })),
      "checkpoint.signature",
    ],
    [
      "the key was revoked",
      () => edit(range, 0, (r) => Object.assign((r.keys as object[])[0] as object, { state: "revoked" })),
      "key.revoked",
    ],
    [
      "an emitter lacks numbers",
      () =>
        edit(range, 0, (r) => Object.assign((r.emitters as object[])[0] as object, { missing: [[30, 31]] })),
      "emitter.missing",
    ],
    [
      "an event has no proof",
      () => edit(range, 5, (r) => Object.assign(r, { proof: null })),
      "bundle.malformed",
    ],
    ["a line is a number", () => range.with(5, "7"), "bundle.malformed"],
    ["a line is no JSON", () => range.with(5, "{"), "bundle.malformed"],
    ["there is nothing", () => [], "bundle.malformed"],
  ])("tampered: %s", async (_, lines, kind) => {
    const { holds, problems } = await judge(lines());
    expect(problems).toContain(kind);
    expect(holds).toBe(false);
  });

  it("counts numbers that never arrived only where they lie between the events of the bundle", async () => {
    const outside = edit(run, 0, (r) =>
      Object.assign((r.emitters as object[])[0] as object, { missing: [[98, 120]] }),
    );
    expect((await judge(outside)).claims.completeness).toBe("conditional");
    const verdict = await checkEvidence(run);
    expect(verdict.claims.find(({ claim }) => claim === "completeness")?.says).toMatch(/^25 of 25: /);
  });

  it("carries the cosignature of a witness, and misses that of another", async () => {
    const ground = new Ground();
    const { witness, trail: other } = await ground.serve("witness", [trail.log.identity()?.log ?? ""]);
    const cosigner = other.log.identity()?.witness ?? "";
    await showTo(witness, await trail.store(), "default");
    const lines = await collect(trail.evidence({ range: [20, 80], selection: "20 to 80" }));
    expect(await judge(lines, key, [cosigner])).toMatchObject({ holds: true, problems: [] });
    const verdict = await checkEvidence(lines, [key], [cosigner]);
    expect(verdict.claims.find(({ claim }) => claim === "authorship")?.says).toMatch(/cosigned it at 20/);
    const third = ground.open("third").log.identity()?.witness ?? "";
    expect(await judge(lines, key, [third])).toMatchObject({ holds: false, problems: ["witness.missing"] });
    expect(await judge(range, key, [cosigner])).toMatchObject({ problems: ["witness.missing"] });
    await ground.close();
  });

  it("opens what is under a subject's key, and holds when the key is gone", async () => {
    await using other = openTrail(":memory:");
    for (let n = 0; n < 3; n++)
      other.record({ type: "note", subject: `s${n}`, summary: `Grüße ${n}`, data: { n } });
    await other.flush();
    await other.seal();
    const options = { range: [1, 3], selection: "all" } as const;
    const whole = await collect(other.evidence(options));
    expect(JSON.parse(whole[1] ?? "")).toMatchObject({ opened: '["Grüße 0",null,{"n":0},null]' });
    expect(await judge(whole)).toMatchObject({ holds: true, problems: [] });
    for (const change of [
      { opened: '["Grüße 1",null,{"n":0},null]' },
      { key: Buffer.alloc(32, 1).toString("base64") },
      { key: "" },
    ])
      expect(await judge(edit(whole, 1, (r) => Object.assign(r, change)))).toMatchObject({
        holds: false,
        problems: ["event.unreadable"],
      });
    // A key of one event opens no other.
    const { key } = JSON.parse(whole[2] ?? "");
    expect((await judge(edit(whole, 1, (r) => Object.assign(r, { key })))).problems).toEqual([
      "event.unreadable",
    ]);
    await other.erase({ subject: "s1" });
    const erased = await collect(other.evidence(options));
    expect(erased[2]).not.toContain('"opened"');
    expect(await judge(erased)).toMatchObject({ holds: true });
    const { claims } = await checkEvidence(erased);
    expect(claims[0]?.says).toContain("What 1 of them say is under a key that is not here");
    const page = reportPage({
      ...JSON.parse(erased[0] ?? ""),
      madeAt: "",
      keys: [],
      verdict: await checkEvidence(erased),
      events: 3,
      lines: erased.slice(1, -1).map((line) => JSON.parse(line)),
    });
    expect(page).toContain("Grüße 0");
    expect(page).toContain("under a key that is not here");
  });

  it("is made of a thread, of a query and of a time range", async () => {
    await using other = openTrail(":memory:");
    for (let n = 1; n <= 9; n++) {
      const occurredAt = new Date(Date.UTC(2026, 0, n));
      other.record({ type: "note", threadId: `t${n % 2}`, status: n % 3 === 0 ? "error" : "ok", occurredAt });
    }
    await other.flush();
    await other.seal();
    const seqs = async (where: Condition[]): Promise<number[]> => {
      const lines = await collect(other.evidence({ where, selection: "some" }));
      expect(await judge(lines)).toMatchObject({ holds: true });
      return lines.slice(1, -1).map((line) => JSON.parse(line).seq);
    };
    expect(await seqs([{ op: "any", field: "thread_id", values: ["t1"] }])).toEqual([1, 3, 5, 7, 9]);
    expect(await seqs([{ op: "any", field: "status", values: ["error"] }])).toEqual([3, 6, 9]);
    const [min, max] = [Date.UTC(2026, 0, 3) * 1_000, Date.UTC(2026, 0, 5) * 1_000];
    expect(await seqs([{ op: "range", field: "occurred_at", min, max }])).toEqual([3, 4, 5]);
  });

  it("is broken for who knows another key", async () => {
    expect((await judge(range, foreign)).problems).toContain("checkpoint.signature");
  });

  it("holds what is gone as a hash", async () => {
    await using other = openTrail(":memory:");
    other.record({ type: "a" });
    await other.flush();
    await other.seal();
    const lines = await collect(other.evidence({ range: [1, 5], selection: "all" }));
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ range: [1, 1], events: 1 });
    await expect(collect(other.evidence({ tenant: "nobody", selection: "none" }))).rejects.toMatchObject({
      code: "log.not_sealed",
    });
  });

  it("shows recorded text as text in its report", async () => {
    const [header, ...rest] = range.map((line) => JSON.parse(line));
    const verdict = await checkEvidence(range);
    const page = reportPage({
      ...header,
      madeAt: header.made_at,
      keys: [],
      verdict,
      events: rest.length - 1,
      lines: rest.slice(0, -1),
    });
    expect(page).toContain("&lt;b&gt;\\u{202e}");
    expect(page).not.toContain("<b>");
    expect(page).not.toContain("<script");
    expect(page).toContain("Überweisung 20 ");
  });

  it("has verifiers that one can read in one sitting", () => {
    for (const name of ["verify.mjs", "verify.py"]) {
      const text = readFileSync(join(folder, name), "utf8");
      expect(text.split("\n").length).toBeLessThan(600);
      expect(text).not.toMatch(/^import .* from "\./m);
    }
  });
});
