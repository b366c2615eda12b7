import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { openTrail } from "../../src/index.ts";
import { ROOT, readText } from "../tidy/sources.ts";
import { fakeModel } from "./model.ts";
import { callNamed, PACKAGES, workplace } from "./program.ts";

it("the example of docs/adapters.md runs, and leaves a call with both its halves and the cost", async () => {
  const read = { id: callNamed("notes"), name: "Read", input: { file_path: "notes.txt" } };
  await using model = await fakeModel({
    "Review notes.txt.": [{ calls: [read] }, { text: "It says hello." }],
  });
  const { project, env } = workplace(model.url);
  const example = /^```js file=claude\.mjs\n(.*?)^```$/ms.exec(readText("docs/adapters.md"))?.[1] ?? "";
  writeFileSync(join(project, "claude.mjs"), example);
  mkdirSync(join(project, "node_modules"));
  symlinkSync(ROOT, join(project, "node_modules/daybook"));
  symlinkSync(PACKAGES, join(project, "node_modules/@anthropic-ai"));
  const child = spawn(process.execPath, ["claude.mjs"], {
    cwd: project,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said, [status]] = await Promise.all([text(child.stdout), once(child, "close")]);
  expect([status, said]).toEqual([0, "It says hello.\n"]);
  await using trail = openTrail(join(project, "claude.db"));
  const { events } = await trail.events.list({ direction: "asc" });
  expect(events.map(({ type, agent }) => `${type} ${agent}`)).toEqual([
    "session.prompt reviewer",
    "tool.execute reviewer",
    "tool.execute reviewer",
    "session.stop reviewer",
    "llm.complete reviewer",
  ]);
  expect(events.at(-1)?.costUsd).not.toBeNull();
});
