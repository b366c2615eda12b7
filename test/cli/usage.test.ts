import { spawnSync } from "node:child_process";
import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { daybook, emptyFolder, PROGRAM } from "./daybook.ts";

/** The Node of the machine, which may be older than ours. */
const HOST_NODES = ["/usr/bin/node", "/usr/local/bin/node"];

describe("daybook", () => {
  it.each(Object.keys(COMMANDS))("%s explains itself with examples", async (name) => {
    const { status, stdout, stderr } = await daybook(emptyFolder(), [name, "--help"]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Usage: daybook ${name}`);
    expect(stdout).toContain("--json");
    expect(stdout.replaceAll(/\s+/g, " ")).toContain("env DAYBOOK_DB");
    expect(stdout).toMatch(/Examples:\n {2}.*daybook/);
  });

  it("lists its commands, and its version", async () => {
    const help = await daybook(emptyFolder(), []);
    for (const name of Object.keys(COMMANDS)) expect(help.stdout).toMatch(new RegExp(`^ {2}${name}\\b`, "m"));
    const { stdout } = await daybook(emptyFolder(), ["--version"]);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [["lst"], /unknown command 'lst' \(Did you mean list\?\)/],
    [["list", "--statsu", "x"], /unknown option '--statsu' \(Did you mean --status\?\)/],
    [["list", "extra"], /too many arguments/],
    [["show"], /missing required argument 'id'/],
    [["list", "--limit", "many"], /--limit must be a whole number from 1 to 1000000/],
    [["list", "--filter", "nope=1"], /There is no filter "nope"/],
    [["list", "--since", "soon"], /--since must be a time or an age/],
    [["list", "--db", "mysql://u:secret@h/d"], /There is no store for mysql:\/\//],
  ])("%j is refused with one line and status 2", async (args, said) => {
    const { status, stdout, stderr } = await daybook(emptyFolder(), args);
    expect(stderr).toMatch(said);
    expect(stderr).toMatch(/^daybook: [^\n]+\n$/);
    expect(stderr).not.toContain("secret");
    expect([status, stdout]).toEqual([2, ""]);
  });

  it("says in one line that a server does not answer", async () => {
    const { status, stdout, stderr } = await daybook(emptyFolder(), ["list", "--db", "http://127.0.0.1:9"]);
    expect(stderr).toMatch(/^daybook: http:\/\/127\.0\.0\.1:9 does not answer: [^\n]+\n$/);
    expect([status, stdout]).toEqual([8, ""]);
  });

  it("says in one line, without the password, that a database does not answer", async () => {
    const db = "postgres://u:secret@127.0.0.1:9/d";
    const { status, stdout, stderr } = await daybook(emptyFolder(), ["list", "--db", db]);
    expect(stderr).toMatch(/^daybook: postgres:\/\/127\.0\.0\.1:9\/d cannot serve: [^\n]+\n$/);
    expect(stderr).not.toContain("secret");
    expect([status, stdout]).toEqual([8, ""]);
  });

  it("takes what no flag says from the environment, and names the variable when it is wrong", async () => {
    const folder = emptyFolder();
    const env = { DAYBOOK_DB: join(folder, "other.db"), DAYBOOK_TENANT: "acme" };
    await daybook(folder, ["record", "--type", "a"], { env });
    expect(existsSync(env.DAYBOOK_DB)).toBe(true);
    const listed = await daybook(folder, ["list", "--json", "--db", "other.db", "--tenant", "acme"]);
    expect(JSON.parse(listed.stdout).tenant).toBe("acme");
    const wrong = await daybook(folder, ["serve"], { env: { DAYBOOK_PORT: "http" } });
    expect(wrong.stderr).toMatch(/^daybook: DAYBOOK_PORT must be a whole number from 0 to 65535\.\n$/);
  });

  it("runs by a link to it", () => {
    const link = join(emptyFolder(), "daybook");
    symlinkSync(PROGRAM, link);
    const { status, stdout } = spawnSync(process.execPath, [link, "--version"], { encoding: "utf8" });
    expect([status, stdout.trim()]).toEqual([0, expect.stringMatching(/^\d/)]);
  });

  it("refuses an older Node in one line", () => {
    const old = HOST_NODES.find((path) => {
      const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
      return Number(/^v(\d+)/.exec(stdout ?? "")?.[1] ?? 99) < 24;
    });
    // Where the machine has no older Node, an older version is said to ours.
    const [command, args] =
      old === undefined ? [process.execPath, ["-e", OLDER, PROGRAM]] : [old, [PROGRAM, "list"]];
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
    expect(stderr).toMatch(/^daybook needs Node 24 or later; this is v\d+[^\n]*\n$/);
    expect([status, stdout]).toEqual([1, ""]);
  });
});

const OLDER = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.1.0" } });
require(process.argv[1])`;
