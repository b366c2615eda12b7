import { describe, expect, it } from "vitest";
import { daybook, emptyFolder, jsonLines, start, until } from "./daybook.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("daybook record", () => {
  it("records one event from flags and prints its id; the event is there when it ends", async () => {
    const folder = emptyFolder();
    const flags = [
      "--type",
      "tool.execute",
      "--tool",
      "Bash",
      "--status",
      "ok",
      "--summary",
      "ls",
      "--agent",
      "a1",
    ];
    const more = ["--field", "duration_ms=120", "--field", 'usage={"input":3}', "--data", '{"command":"ls"}'];
    const recorded = await daybook(folder, ["record", ...flags, ...more]);
    expect(recorded.stderr).toBe("");
    expect(recorded.status).toBe(0);
    const id = recorded.stdout.trim();
    expect(id).toMatch(UUID);

    const listed = await daybook(folder, ["list", "--json"]);
    expect(jsonLines(listed.stdout)).toEqual([
      expect.objectContaining({
        id,
        seq: 1,
        tenant: "default",
        event_type: "tool.execute",
        tool: "Bash",
        status: "ok",
        description: "ls",
        agent: "a1",
        duration_ms: 120,
        usage: { input: 3 },
        data: { command: "ls" },
      }),
    ]);
  });

  it("stores the good lines of NDJSON, names the bad ones by number, and exits with 2", async () => {
    const folder = emptyFolder();
    const lines = [
      '\ufeff{"event_type":"a"}',
      "",
      "not json",
      '{"event_type":5}',
      '{"event_type":"b","eventType":"x"}',
      '{"event_type":"c","phase":"started"}\r',
      "[]",
      '{"event_type":"d"}',
    ];
    const recorded = await daybook(folder, ["record", "--json"], { input: lines.join("\n") });
    expect(recorded.status).toBe(2);
    expect(jsonLines(recorded.stdout).map(({ seq, status }) => [seq, status])).toEqual([
      [1, "appended"],
      [2, "appended"],
      [3, "appended"],
    ]);
    expect(recorded.stderr).toContain("line 3: is not JSON");
    expect(recorded.stderr).toContain("line 4: event_type must be a string");
    expect(recorded.stderr).toContain(
      'line 5: eventType is not a field of an event; did you mean "event_type"?',
    );
    expect(recorded.stderr).toContain("line 7: event must be a JSON object");
    expect(recorded.stderr).toContain("3 recorded, 4 refused");
    const listed = await daybook(folder, ["list", "--json", "--asc"]);
    expect(jsonLines(listed.stdout).map(({ event_type }) => event_type)).toEqual(["a", "c", "d"]);
  });

  it("keeps memory and the rest of the input safe from a line that is too long or not UTF-8", async () => {
    const folder = emptyFolder();
    const long = `{"event_type":"${"x".repeat(3 * 1024 * 1024)}"}`;
    const input = Buffer.concat([
      Buffer.from(`{"event_type":"a"}\n${long}\n`),
      Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a]),
      Buffer.from('{"event_type":"b"}\n'),
    ]);
    const recorded = await daybook(folder, ["record"], { input });
    expect(recorded.status).toBe(2);
    expect(recorded.stderr).toContain("line 2: is longer than 1048576 bytes");
    expect(recorded.stderr).toContain("line 3: is not UTF-8");
    expect(recorded.stdout.trim().split("\n")).toHaveLength(2);
  });

  it("stores what is offered twice once", async () => {
    const folder = emptyFolder();
    const line = '{"id":"0199c5e6-1f3a-7b7e-9d3a-4a3f0c6f2b11","event_type":"a"}\n';
    await daybook(folder, ["record"], { input: line });
    const again = await daybook(folder, ["record", "--json"], { input: line });
    expect(jsonLines(again.stdout)).toEqual([expect.objectContaining({ seq: 1, status: "duplicate" })]);
    expect(again.status).toBe(0);
  });

  it("commits each line of a slow writer when it comes", async () => {
    const folder = emptyFolder();
    const { child, ended, said } = start(folder, ["record"]);
    child.stdin.write('{"event_type":"first"}\n');
    await until(
      () => said.stdout.endsWith("\n"),
      () => `an id; it said ${JSON.stringify(said)}`,
    );
    const listed = await daybook(folder, ["list", "--json"]);
    expect(jsonLines(listed.stdout)).toHaveLength(1);
    child.stdin.end();
    expect((await ended).status).toBe(0);
  });

  it("names the flag, the field and the rule of a mistake, and stores nothing", async () => {
    const folder = emptyFolder();
    const cases: Array<[string[], RegExp]> = [
      [["--type", "a", "--field", "duration_ms=-1"], /^daybook: duration_ms must be a whole number/],
      [["--type", "a", "--data", "{"], /^daybook: --data \(data\) must be JSON/],
      [["--type", "a", "--data", "[1]"], /^daybook: data must be a JSON object/],
      [["--type", "a", "--field", "nope"], /^daybook: --field must be NAME=VALUE/],
      [["--type", "a", "--field", "toool=x"], /^daybook: toool is not a field of an event/],
      [["--tool", "Bash"], /^daybook: event_type is required/],
      [["--type", "a", "--tenant", "daybook"], /^daybook: tenant must not be the reserved/],
    ];
    for (const [args, said] of cases) {
      const { status, stderr, stdout } = await daybook(folder, ["record", ...args]);
      expect(stderr).toMatch(said);
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
      expect([status, stdout]).toEqual([2, ""]);
    }
    const listed = await daybook(folder, ["list"]);
    expect(listed.stderr).toMatch(/^daybook: There is no trail at/);
  });
});
