import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entryIsBare } from "../tidy/guards.ts";
import { INTEGRATIONS } from "../tidy/layers.ts";
import { ROOT, readSources } from "../tidy/sources.ts";
import { emptyFolder } from "./daybook.ts";

/** A script at the root of the checkout, where `daybook` names this package itself. */
const script = join(ROOT, `script-${process.pid}.mjs`);

beforeAll(() => {
  writeFileSync(
    script,
    `import { openTrail } from "daybook";
     await using trail = openTrail(process.argv[2]);
     const receipt = await trail.recordDurably({ type: "script.ran" });
     console.log(receipt.seq, (await trail.events.list()).events[0].type);`,
  );
});

afterAll(() => rmSync(script));

describe("the built package", () => {
  it("is what a script at the root imports as daybook", () => {
    const file = join(emptyFolder(), "a.db");
    const { stdout, stderr } = spawnSync(process.execPath, [script, file], { encoding: "utf8", cwd: ROOT });
    expect(stderr).toBe("");
    expect(stdout).toBe("1 script.ran\n");
  });

  it("has an entry that needs no package", () => {
    const built = readBuilt();
    expect(entryIsBare("dist/index.js")(built)).toEqual([]);
    expect(entryIsBare("dist/cli/main.js")(built)).not.toEqual([]);
  });

  it("has an adapter per sub-path, with its types, that needs no package either", async () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const built = readBuilt();
    const paths = Object.keys(manifest.exports).filter((path) => !/^\.(?:\/package\.json)?$/.test(path));
    expect(paths).toEqual(INTEGRATIONS.map((name) => `./${name}`));
    for (const path of paths) {
      const { types, default: entry } = manifest.exports[path];
      expect(entryIsBare(entry.slice("./".length))(built), path).toEqual([]);
      expect(existsSync(join(ROOT, types)), types).toBe(true);
      expect(Object.keys(await import(join(ROOT, entry))), path).not.toEqual([]);
    }
  });

  it("holds no test, and everything that the manifest promises", () => {
    const { stdout } = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      encoding: "utf8",
      cwd: ROOT,
    });
    const [{ files }] = JSON.parse(stdout) as [{ files: Array<{ path: string }> }];
    const paths = files.map(({ path }) => path);
    for (const path of [
      "bin/daybook",
      "bin/package.json",
      "dist/index.js",
      "dist/index.d.ts",
      "LICENSE",
      "README.md",
    ])
      expect(paths).toContain(path);
    expect(paths.filter((path) => /\.test\.|^src\/|^test\/|\.db$/.test(path))).toEqual([]);
  });

  it("runs from a folder without the sources", () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, "node_modules"));
    for (const part of ["bin", "dist", "package.json"]) spawnSync("cp", ["-r", join(ROOT, part), folder]);
    spawnSync("ln", ["-s", join(ROOT, "node_modules/commander"), join(folder, "node_modules/commander")]);
    for (const name of ["hono", "@hono", "protobufjs", "long"])
      spawnSync("ln", ["-s", join(ROOT, "node_modules", name), join(folder, "node_modules", name)]);
    const args = [join(folder, "bin/daybook"), "record", "--type", "a", "--json"];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", cwd: folder });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual(expect.objectContaining({ seq: 1 }));
  });
});

function readBuilt() {
  return readSources("dist", ".js");
}
