import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { benchmarksDocument } from "../../scripts/benchmarks-document.ts";
import { eventsDocument } from "../../scripts/events-document.ts";
import { ERROR_CODES } from "../../src/base/error-codes.ts";
import { configurationDocument } from "../../src/cli/config/document.ts";
import * as guards from "./guards.ts";
import { layersTable } from "./layers.ts";
import { ROOT, readSources, readText, type Source } from "./sources.ts";

const src = readSources("src", ".ts");
const code = src.filter(({ path }) => !path.endsWith(".test.ts"));
const page = readSources("ui", ".ts", ".tsx");
const tests = [...readSources("test", ".ts"), ...src.filter(({ path }) => path.endsWith(".test.ts"))];
const documents = [
  ...readSources("docs", ".md"),
  ...["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"].map((path) => ({
    path,
    text: readText(path),
  })),
];
const codes = Object.keys(ERROR_CODES);
const manifest = JSON.parse(readText("package.json"));

const source = (path: string, text: string): Source => ({ path, text });
const lines = (count: number): string => "  const a = 1;\n".repeat(count);

interface Rule {
  readonly guard: guards.Guard;
  readonly over: readonly Source[];
  /** Sources that break the rule, each of which must be found. */
  readonly canaries: readonly (readonly Source[])[];
}

/** Built from pieces, so that the canaries do not break the rules in this file. */
const q = '"';

const RULES: Readonly<Record<string, Rule>> = {
  "lower never imports higher, and never another adapter": {
    guard: guards.importRule,
    over: code,
    canaries: [
      [source("src/base/a.ts", `import { b } from ${q}../event/b.ts${q};`)],
      [source("src/base/a.ts", `import type { B } from ${q}../event/b.ts${q};`)],
      [source("src/emit/a.ts", `export {\n  b,\n} from ${q}../store/store.ts${q};`)],
      [source("src/store/memory/a.ts", `import ${q}../sqlite/b.ts${q};`)],
      [source("src/trail/a.ts", `const b = await import(${q}../store/sqlite/b.ts${q});`)],
      [source("src/trail/a.ts", `let b: import(${q}../http/b.ts${q}).B;`)],
      [source("src/index.ts", `import { b } from ${q}./store/sqlite/b.ts${q};`)],
      [source("src/base/a.ts", "const b = await import(name);")],
      [source("src/base/a.ts", `import { z } from ${q}hono${q};`)],
      [source("src/trail/a.ts", `import { b } from ${q}../../test/b.ts${q};`)],
      [source("src/new/a.ts", "")],
      [source("src/integrations/ai-sdk/a.ts", `import { openTrail } from ${q}../../trail/b.ts${q};`)],
      [source("src/integrations/ai-sdk/a.ts", `import type { Tool } from ${q}ai${q};`)],
    ],
  },
  "no import cycles": {
    guard: guards.noCycles,
    over: code,
    canaries: [
      [
        source("src/base/a.ts", `import ${q}./b.ts${q};`),
        source("src/base/b.ts", `export * from ${q}./a.ts${q};`),
      ],
    ],
  },
  "the entry needs no package": {
    guard: guards.entryIsBare("src/index.ts"),
    over: code,
    canaries: [
      [
        source("src/index.ts", `export { a } from ${q}./base/a.ts${q};`),
        source("src/base/a.ts", `import { z } from ${q}commander${q};`),
      ],
      [],
    ],
  },
  "only the command line reads the environment and exits": {
    guard: guards.processOnlyInCli,
    over: code,
    canaries: [
      [source("src/base/a.ts", "if (process.env.X) stop();")],
      [source("src/emit/a.ts", "process.exit(1);")],
    ],
  },
  "nobody escapes the type checker or the linter": {
    guard: guards.noEscapes,
    over: [...src, ...page, ...tests],
    canaries: [
      [source("src/base/a.ts", `const a = b as ${"any"};`)],
      [source("ui/a.ts", `// @ts-${"ignore"}`)],
    ],
  },
  "no error is dropped without a word": {
    guard: guards.noEmptyCatch,
    over: [...src, ...page],
    canaries: [
      [source("src/base/a.ts", "try { a(); } catch {}")],
      [source("src/base/a.ts", "catch (e) {\n}")],
    ],
  },
  "exports have names": {
    guard: guards.noDefaultExports,
    over: src,
    canaries: [[source("src/base/a.ts", "export default 1;")]],
  },
  "no loose ends": {
    guard: guards.noLooseEnds,
    over: [...src, ...page, ...tests],
    canaries: [[source("src/base/a.ts", `// ${"TO"}${"DO"}: later`)]],
  },
  "American spelling": {
    guard: guards.americanSpelling,
    over: [...src, ...page, ...documents],
    canaries: [[source("src/base/a.ts", `const ${"colo"}${"ur"} = 1;`)]],
  },
  "no test is skipped or runs alone": {
    guard: guards.noSkippedTests,
    over: tests,
    canaries: [
      [source("src/base/a.test.ts", `it.${"skip"}("a", b);`)],
      [source("test/a.ts", `describe.${"only"}(`)],
    ],
  },
  "no test sleeps": {
    guard: guards.noTimedSleep,
    over: tests,
    canaries: [
      [source("test/a.test.ts", `await ${"sleep"}(500);`)],
      [source("test/a.test.ts", `await new Promise((r) => ${"setTimeout"}(r, 1000));`)],
    ],
  },
  "file names are plain nouns in kebab-case": {
    guard: guards.plainNames,
    over: [...src, ...page.filter(({ path }) => path.endsWith(".ts")), ...tests],
    canaries: [
      [source("src/base/utils.ts", "")],
      [source("src/base/string-helpers.ts", "")],
      [source("src/a/Big.ts", "")],
    ],
  },
  "files are short": {
    guard: guards.fileSizes,
    over: [...src, ...page, ...tests],
    canaries: [[source("src/base/a.ts", lines(601))]],
  },
  "functions are short": {
    guard: guards.functionSizes,
    over: [...code, ...page],
    canaries: [
      [source("src/base/a.ts", `export function a(): void {\n${lines(70)}}\n`)],
      [source("src/base/a.ts", `class A {\n  async b(c: D): Promise<E> {\n${lines(70)}  }\n}`)],
      [source("src/base/a.ts", `const a = (b: C) => {\n${lines(70)}};`)],
    ],
  },
  "folders hold few files": {
    guard: guards.folderSizes,
    over: code,
    canaries: [Array.from({ length: 16 }, (_, at) => source(`src/base/a${at}.ts`, ""))],
  },
  "the page imports only shapes": {
    guard: guards.pageImports,
    over: page,
    canaries: [
      [source("ui/a.ts", `import { a } from ${q}../src/event/wire.ts${q};`)],
      [source("ui/a.ts", `import type { A } from ${q}../src/store/store.ts${q};`)],
    ],
  },
  "links in documents lead somewhere": {
    guard: guards.linksLead((path) => existsSync(join(ROOT, path))),
    over: documents,
    canaries: [[source("docs/a.md", "see [b](./not-there.md)")]],
  },
};

describe("house rules", () => {
  it.each(Object.entries(RULES))("%s", (_, { guard, over }) => {
    expect(guard(over)).toEqual([]);
  });

  it.each(Object.entries(RULES))("canary: %s", (_, { guard, canaries }) => {
    for (const canary of canaries) expect(guard(canary)).not.toEqual([]);
  });

  it("reads enough files to mean something", () => {
    expect(code.length).toBeGreaterThan(60);
    expect(tests.length).toBeGreaterThan(20);
  });
});

describe("documents", () => {
  it("explain each error code, and no other", () => {
    expect(guards.errorsDocumented(ERROR_CODES, readText("docs/errors.md"))).toEqual([]);
    expect(guards.errorsDocumented({ "a.b": { kind: "x" } }, "| `a.b` | y |\n| `c.d` | x |")).toHaveLength(2);
  });

  it("explain no error that nothing raises", () => {
    expect(guards.errorsThrown(codes, code)).toEqual([]);
    expect(guards.errorsThrown(["a.b"], code)).toHaveLength(1);
  });

  it("say why each dependency is there", () => {
    const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    const document = readText("docs/dependencies.md");
    expect(guards.dependenciesDocumented(names, document)).toEqual([]);
    expect(guards.dependenciesDocumented(["left-pad"], document)).toHaveLength(1);
  });

  it("show the rule of import as it is", () => {
    expect(readText("ARCHITECTURE.md")).toContain(layersTable());
    expect(readText("ARCHITECTURE.md").split("\n").length).toBeLessThanOrEqual(300);
  });

  it("name in the architecture each decision and only tests that are there", () => {
    const architecture = readText("ARCHITECTURE.md");
    for (const name of readdirSync(join(ROOT, "docs/decisions"))) {
      expect(architecture, name).toContain(`docs/decisions/${name}`);
    }
    for (const [, path] of architecture.matchAll(/`((?:src|test|ui|scripts)\/[\w./-]+\.\w+)`/g)) {
      expect(existsSync(join(ROOT, path as string)), path).toBe(true);
    }
  });

  it("have configuration.md as the table of options makes it", () => {
    expect(readText("docs/configuration.md")).toBe(configurationDocument());
  });

  it("have events.md as the table of fields makes it", () => {
    expect(readText("docs/events.md")).toBe(eventsDocument());
  });

  it("have the figures of bench/results.json, and no others", () => {
    const document = readText("docs/benchmarks.md");
    expect(document).toBe(benchmarksDocument(document, JSON.parse(readText("bench/results.json"))));
  });
});

describe("the lock file", () => {
  const { packages } = JSON.parse(readText("package-lock.json"));

  it("has an entry for each optional package of each platform", () => {
    expect(guards.lockIsWhole(packages)).toEqual([]);
    expect(guards.lockIsWhole({ "node_modules/a": { optionalDependencies: { b: "1.0.0" } } })).toHaveLength(
      1,
    );
  });

  it("names no address to download from", () => {
    expect(readText("package-lock.json")).not.toMatch(/"resolved": "http/);
  });
});
