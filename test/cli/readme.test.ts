import { describe, expect, it } from "vitest";
import { readText } from "../tidy/sources.ts";
import { blocksOf, newcomersFolder, runBlock } from "./blocks.ts";
import { daybook, emptyFolder, jsonLines, start, until } from "./daybook.ts";

describe("the README", () => {
  it("keeps its promise of five minutes: every block runs, in order, and leaves what it says", async () => {
    const folder = newcomersFolder();
    const server = start(folder, ["serve", "--port", "0", "--json"]);
    await until(
      () => server.said.stdout.includes("\n"),
      () => `the server's address; it said ${JSON.stringify(server.said)}`,
    );
    const { url } = JSON.parse(server.said.stdout) as { url: string };
    const outputs: string[] = [];
    for (const block of blocksOf("README.md")) {
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
