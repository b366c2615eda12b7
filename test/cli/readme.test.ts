import { spawn } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, readText } from "../tidy/sources.ts";
import { daybook, type Ended, emptyFolder, jsonLines, PROGRAM, start, until } from "./daybook.ts";

interface Block {
  readonly language: string;
  readonly file: string | undefined;
  readonly text: string;
}

/** The fenced blocks that the README promises to work, in order. */
function blocks(): Block[] {
  const fences = readText("README.md").matchAll(/^```(sh|ts)(?: file=(\S+))?\n(.*?)^```$/gms);
  return [...fences].map(([, language = "", file, text = ""]) => ({ language, file, text }));
}

/** Runs one block as a newcomer would, from the folder that he is in. */
function runBlock(folder: string, { language, file, text }: Block, url: string): Promise<Ended> {
  if (language === "ts") {
    writeFileSync(join(folder, file ?? "block.mjs"), text);
    return Promise.resolve({ status: 0, signal: null, stdout: "", stderr: "" });
  }
  const script = `set -e\n${text.replaceAll("http://127.0.0.1:4319", url)}`;
  const path = [dirname(PROGRAM), dirname(process.execPath), process.env.PATH].join(delimiter);
  return new Promise((resolve) => {
    const child = spawn("bash", ["-c", script], {
      cwd: folder,
      env: { PATH: path, HOME: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      stdout += piece;
    });
    child.stderr.setEncoding("utf8").on("data", (piece: string) => {
      stderr += piece;
    });
    child.on("close", (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
}

describe("the README", () => {
  it("keeps its promise of five minutes: every block runs, in order, and leaves what it says", async () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(ROOT, join(folder, "node_modules/daybook"));
    const server = start(folder, ["serve", "--port", "0", "--json"]);
    await until(
      () => server.said.stdout.includes("\n"),
      () => `the server's address; it said ${JSON.stringify(server.said)}`,
    );
    const { url } = JSON.parse(server.said.stdout) as { url: string };
    const outputs: string[] = [];
    for (const block of blocks()) {
      const { status, stdout, stderr } = await runBlock(folder, block, url);
      expect([status, stderr], block.text).toEqual([0, ""]);
      outputs.push(stdout);
    }
    expect(outputs.join("\n")).toContain("committed as number 4");
    const listed = await daybook(folder, ["list", "--json", "--asc"]);
    expect(jsonLines(listed.stdout).map(({ event_type, status }) => [event_type, status])).toEqual([
      ["invoice.created", null],
      ["tool.execute", null],
      ["tool.execute", "error"],
      ["approval.given", "ok"],
      ["deploy.finished", "ok"],
      ["a", null],
      ["b", null],
      [expect.any(String), "pending"],
    ]);
    server.child.kill("SIGTERM");
    expect((await server.ended).status).toBe(0);
  }, 60_000);

  it("names only commands that there are", async () => {
    const help = await daybook(emptyFolder(), ["--help"]);
    for (const [, name] of readText("README.md").matchAll(/`daybook ([a-z]+)/g))
      expect(help.stdout).toMatch(new RegExp(`^ {2}${name}\\b`, "m"));
  });

  it("names only npm scripts that there are", () => {
    const { scripts } = JSON.parse(readText("package.json"));
    const text = readText("README.md") + readText("CONTRIBUTING.md");
    for (const [, name] of text.matchAll(/npm run ([a-z]+)/g)) expect(scripts).toHaveProperty(name as string);
  });
});
