import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { daybook, emptyFolder, foreignFile, jsonLines, start, until } from "./daybook.ts";

async function recorded(events: ReadonlyArray<Record<string, unknown>>): Promise<string> {
  const folder = emptyFolder();
  const input = events.map((event) => JSON.stringify(event)).join("\n");
  const { status, stderr } = await daybook(folder, ["record"], { input });
  expect([status, stderr]).toEqual([0, ""]);
  return folder;
}

const types = (stdout: string): unknown[] => jsonLines(stdout).map(({ event_type }) => event_type);

describe("daybook list", () => {
  it("shows the newest first, and what the filters and their friendly flags ask for", async () => {
    const folder = await recorded([
      { event_type: "a", status: "ok", agent: "x", duration_ms: 5 },
      { event_type: "b", status: "error", agent: "y", duration_ms: 50, description: "Refund 42" },
      { event_type: "c", status: "denied", agent: "x", occurred_at: "2020-01-01T00:00:00Z" },
    ]);
    const list = async (...args: string[]): Promise<unknown[]> =>
      types((await daybook(folder, ["list", "--json", ...args])).stdout);
    expect(await list()).toEqual(["c", "b", "a"]);
    expect(await list("--asc")).toEqual(["a", "b", "c"]);
    expect(await list("--status", "error,denied")).toEqual(["c", "b"]);
    expect(await list("--filter", "agent=-x")).toEqual(["b"]);
    expect(await list("--filter", "duration_ms=[10,*]")).toEqual(["b"]);
    expect(await list("--search", "refund")).toEqual(["b"]);
    expect(await list("--since", "1h")).toEqual(["b", "a"]);
    expect(await list("--until", "2020-06-01T00:00:00Z")).toEqual(["c"]);
    expect(await list("--tenant", "other")).toEqual([]);
  });

  it("goes on with the cursor that it names, over every event once", async () => {
    const folder = await recorded(Array.from({ length: 5 }, (_, at) => ({ event_type: `e${at}` })));
    const seen: unknown[] = [];
    let args: string[] = [];
    for (let page = 0; page < 3; page++) {
      const { stdout, stderr } = await daybook(folder, ["list", "--json", "--limit", "2", ...args]);
      seen.push(...types(stdout));
      const cursor = /--cursor (\S+)/.exec(stderr)?.[1];
      expect(cursor === undefined).toBe(page === 2);
      args = cursor === undefined ? [] : ["--cursor", cursor];
    }
    expect(seen).toEqual(["e4", "e3", "e2", "e1", "e0"]);
  });

  it("lets nothing that was recorded command the terminal", async () => {
    const hostile = "\u001b[2J\u001b]0;title\u0007 a\r\nb\u009b31m\u202egnp.exe\u200b\u{e0041}";
    const folder = await recorded([
      { event_type: hostile, description: hostile, agent: hostile, data: { [hostile]: hostile } },
    ]);
    const forbidden = /[\p{Cc}--\n]|[\u202e\u200b\u{e0041}]/v;
    for (const args of [
      ["list"],
      ["list", "--json"],
      ["show", "1"],
      ["show", "1", "--json"],
      ["stats"],
      ["stats", "--json"],
    ]) {
      const { status, stdout } = await daybook(folder, args);
      expect(status).toBe(0);
      expect(stdout).not.toMatch(forbidden);
      expect(stdout).toContain("gnp.exe");
    }
    const { stdout } = await daybook(folder, ["list", "--json"]);
    expect(types(stdout)).toEqual([hostile]);
  });

  it("uses no colors in a pipe", async () => {
    const folder = await recorded([{ event_type: "a", status: "error" }]);
    const { stdout } = await daybook(folder, ["list"], { env: { FORCE_COLOR: "1" } });
    expect(stdout).not.toContain("\u001b");
  });

  it("ends quietly when nobody reads on", async () => {
    const many = Array.from({ length: 3_000 }, (_, at) => ({
      event_type: `e${at}`,
      description: "x".repeat(200),
    }));
    const folder = await recorded(many);
    const { child, ended } = start(folder, ["list", "--json", "--limit", "3000"]);
    child.stdin.end();
    child.stdout.once("data", () => child.stdout.destroy());
    const { status, stderr } = await ended;
    expect([status, stderr]).toEqual([0, ""]);
  });

  it("makes no trail where there is none, and says so in one line", async () => {
    const folder = emptyFolder();
    for (const args of [["list"], ["tail"], ["stats"], ["show", "1"]]) {
      const { status, stderr } = await daybook(folder, args);
      expect(stderr).toMatch(/^daybook: There is no trail at \.\/daybook\.db\. [^\n]*\n$/);
      expect(status).toBe(8);
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("daybook show", () => {
  it("finds an event by id and by seq, with its other half and what is under it", async () => {
    const started = "0199c5e6-1f3a-7b7e-9d3a-4a3f0c6f2b11";
    const folder = await recorded([
      { id: started, event_type: "tool.execute", phase: "started", tool: "Bash" },
      { event_type: "tool.execute", phase: "completed", status: "ok", tool: "Bash", start_id: started },
      { event_type: "note", parent_id: started, data: { nested: { deep: true } } },
    ]);
    const first = await daybook(folder, ["show", started.toUpperCase()]);
    expect(first.stdout).toMatch(/completed by .* tool\.execute Bash ok/);
    expect(first.stdout).toMatch(/has under it .* note/);
    const second = await daybook(folder, ["show", "2"]);
    expect(second.stdout).toMatch(new RegExp(`started by +${started}`));
    const third = await daybook(folder, ["show", "3", "--json"]);
    expect(jsonLines(third.stdout)).toEqual([
      expect.objectContaining({ seq: 3, data: { nested: { deep: true } } }),
    ]);
    const none = await daybook(folder, ["show", "4"]);
    expect([none.status, none.stdout]).toEqual([4, ""]);
    expect(none.stderr).toMatch(/^daybook: There is no event 4\./);
  });
});

describe("daybook stats", () => {
  it("counts, for people and for machines", async () => {
    const folder = await recorded([
      { event_type: "a", status: "ok", tool: "Bash" },
      { event_type: "a", status: "error", tool: "Bash" },
    ]);
    const { stdout } = await daybook(folder, ["stats", "--json"]);
    expect(JSON.parse(stdout)).toEqual({
      total: 2,
      head: 2,
      events_last_hour: 2,
      by_status: { ok: 1, error: 1 },
      by_category: {},
      by_type: { a: 2 },
      by_agent: {},
      by_tool: { Bash: 2 },
    });
    const people = await daybook(folder, ["stats"]);
    expect(people.stdout).toMatch(/^2 events, 2 of them in the last hour/);
    const wrong = await daybook(folder, ["stats", "--since", "yesterday"]);
    expect(wrong.stderr).toMatch(/^daybook: --since must be a time or an age\./);
    expect(wrong.status).toBe(2);
  });
});

describe("daybook tail", () => {
  it("shows the last events, then each new one; Ctrl-C ends it quietly", async () => {
    const folder = await recorded([
      { event_type: "a" },
      { event_type: "b", agent: "x" },
      { event_type: "c" },
    ]);
    const { child, ended, said } = start(folder, ["tail", "--json", "-n", "2"]);
    const shows = (count: number): Promise<void> =>
      until(
        () => said.stdout.split("\n").length > count,
        () => `${count} events; it said ${JSON.stringify(said)}`,
      );
    await shows(2);
    await daybook(folder, ["record", "--type", "d"]);
    await shows(3);
    child.kill("SIGINT");
    const { status, signal, stdout, stderr } = await ended;
    expect(types(stdout)).toEqual(["b", "c", "d"]);
    expect([status, signal, stderr]).toEqual([0, null, ""]);
  });

  it("goes on behind a seq, with filters, and misses nothing", async () => {
    const folder = await recorded([{ event_type: "a" }, { event_type: "b" }, { event_type: "a" }]);
    const { child, ended, said } = start(folder, ["tail", "--json", "--after", "1", "--type", "a"]);
    await daybook(folder, ["record"], { input: '{"event_type":"b"}\n{"event_type":"a"}\n' });
    await until(
      () => said.stdout.split("\n").length > 2,
      () => `two events; it said ${JSON.stringify(said)}`,
    );
    child.kill("SIGTERM");
    const { stdout } = await ended;
    expect(jsonLines(stdout).map(({ seq }) => seq)).toEqual([3, 5]);
  });
});

describe("daybook doctor", () => {
  it("finds a sound trail sound", async () => {
    const folder = await recorded([{ event_type: "a" }]);
    const { status, stdout } = await daybook(folder, ["doctor", "--json"]);
    const findings = jsonLines(stdout);
    expect(findings.map(({ check }) => check)).toEqual([
      "node",
      "spool",
      "store",
      "emitters",
      "content",
      "disk",
    ]);
    expect(findings.filter(({ status: found }) => found === "fail")).toEqual([]);
    expect(status).toBe(0);
  });

  it("finds a hole in an emitter's numbers", async () => {
    const mark = { emitter_id: "e1", emitter_epoch: 1 };
    const folder = await recorded([
      { event_type: "a", ...mark, emitter_number: 1 },
      { event_type: "a", ...mark, emitter_number: 4 },
    ]);
    const { status, stdout } = await daybook(folder, ["doctor"]);
    expect(stdout).toMatch(/^fail +emitters +events were lost: e1 lacks 2–3$/m);
    expect(status).toBe(1);
  });

  it("says what is wrong with a file that is no trail, and leaves it alone", async () => {
    const folder = emptyFolder();
    const { status, stdout } = await daybook(folder, ["doctor", "--db", foreignFile(folder)]);
    expect(stdout).toMatch(/^fail +store .*not a Daybook store/m);
    expect(status).toBe(1);
    expect(existsSync(join(folder, "daybook.db"))).toBe(false);
  });
});
