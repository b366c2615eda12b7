import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { daybook, emptyFolder, foreignFile, jsonLines, start, until } from "./daybook.ts";

const PAYLOAD = JSON.stringify({
  session_id: "s1",
  cwd: "/tmp",
  hook_event_name: "PreToolUse",
  tool_name: "Bash",
  tool_use_id: "toolu_1",
  tool_input: { command: "ls" },
});
const QUIET = { status: 0, signal: null, stdout: "", stderr: "" };

const SIGHUP = 1n;

/** Does the process listen to requests to end? Linux tells; to SIGTERM, Node does by itself. */
function listens(pid: number | undefined): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (BigInt(`0x${caught ?? "0"}`) & (1n << (SIGHUP - 1n))) !== 0n;
}

describe("daybook hook", () => {
  it("records what an agent says and answers nothing", async () => {
    const folder = emptyFolder();
    expect(await daybook(folder, ["hook", "claude-code"], { input: PAYLOAD })).toEqual(QUIET);
    const { stdout } = await daybook(folder, ["list", "--json"]);
    expect(jsonLines(stdout)).toEqual([expect.objectContaining({ tool: "Bash", phase: "started" })]);
    expect(readdirSync(join(folder, "daybook.db.spool"))).toEqual([]);
  });

  it("stays quiet and succeeds whatever it is given, and keeps the reason in a file", async () => {
    const folder = emptyFolder();
    for (const input of ["", "not json", "[]", "null", '{"hook_event_name":5}', "\u0000\u001b[2J"])
      expect(await daybook(folder, ["hook", "claude-code"], { input })).toEqual(QUIET);
    expect(await daybook(folder, ["hook", "nobody-knows"], { input: PAYLOAD })).toEqual(QUIET);
    const log = readFileSync(join(folder, "daybook.db.spool/hook.log"), "utf8");
    expect(log.match(/claude-code: /g)?.length).toBeGreaterThanOrEqual(4);
    expect(log).toContain("a hook's payload must be a JSON object");
    expect(log).not.toContain("\u001b");
  });

  it("succeeds with wrong flags too, since an agent would take a failure for an order to stop", async () => {
    const { status, stdout } = await daybook(emptyFolder(), ["hook", "claude-code", "--nope"], {
      input: PAYLOAD,
    });
    expect([status, stdout]).toEqual([0, ""]);
    const bad = await daybook(emptyFolder(), ["hook", "claude-code", "--db", "http://x"], { input: PAYLOAD });
    expect([bad.status, bad.stdout]).toEqual([0, ""]);
  });

  it("loses nothing when another process holds the store", async () => {
    const folder = emptyFolder();
    await daybook(folder, ["record", "--type", "before"]);
    const db = new DatabaseSync(join(folder, "daybook.db"));
    db.exec("BEGIN IMMEDIATE");
    expect(await daybook(folder, ["hook", "claude-code"], { input: PAYLOAD })).toEqual(QUIET);
    db.exec("ROLLBACK");
    db.close();
    const listed = await daybook(folder, ["list", "--json"]);
    expect(jsonLines(listed.stdout).map(({ tool }) => tool)).toEqual(["Bash", null]);
  });

  it("leaves a file that is none of ours alone, and keeps the event beside it", async () => {
    const folder = emptyFolder();
    const file = foreignFile(folder);
    const before = readFileSync(file, "utf8");
    expect(await daybook(folder, ["hook", "claude-code", "--db", file], { input: PAYLOAD })).toEqual(QUIET);
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(readFileSync(`${file}.spool/hook.log`, "utf8")).toContain("is not a Daybook store");
    const kept = readdirSync(`${file}.spool`, { recursive: true }).map(String);
    expect(kept.filter((name) => name.endsWith(".ndjson"))).toHaveLength(1);
  });

  it("keeps what it began when the agent that started it ends, and asks it to end too", async () => {
    const folder = emptyFolder();
    const { child, ended } = start(folder, ["hook", "claude-code"]);
    child.stdin.write(PAYLOAD.slice(0, 20));
    await until(
      () => listens(child.pid),
      () => "the hook listens to signals",
    );
    child.kill("SIGTERM");
    child.stdin.end(PAYLOAD.slice(20));
    expect(await ended).toMatchObject({ status: 0, signal: null });
    const { stdout } = await daybook(folder, ["list", "--json"]);
    expect(jsonLines(stdout)).toHaveLength(1);
  });

  it("does not wait for an agent that keeps its end open", async () => {
    const folder = emptyFolder();
    const { child, ended } = start(folder, ["hook", "claude-code"]);
    child.stdin.write('{"hook_event_name":');
    expect(await ended).toEqual(QUIET);
  });
});
