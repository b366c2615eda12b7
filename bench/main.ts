/**
 * `npm run bench`: every figure of docs/benchmarks.md beside its baseline, measured in one run.
 * `--quick` a tenth of the work, three rounds; `--only NAME` (again for more) single rows; `--large`
 * logs of 1 and 5 million events; `--list` the names. Writes bench/results.json after a full run.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Row, Setting } from "./measure.ts";
import { printFigure, recordOf } from "./report.ts";
import { ROWS } from "./rows.ts";

const ROUNDS = 5;
const QUICK_ROUNDS = 3;
const QUICK_PART = 10;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    large: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    rounds: { type: "string" },
    only: { type: "string", multiple: true, default: [] },
    out: { type: "string" },
  },
});

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function chosenRows(): Row[] {
  const unknown = values.only.filter((name) => ROWS.every((row) => row.name !== name));
  if (unknown.length > 0) {
    say(`There is no row ${unknown.join(", ")}. There are: ${ROWS.map((row) => row.name).join(", ")}`);
    process.exit(2);
  }
  return ROWS.filter((row) => values.only.length === 0 || values.only.includes(row.name));
}

function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync("git", ["--no-optional-locks", ...args], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim();
    const changed = git("status", "--porcelain", "--", "src") === "" ? "" : ", with changes";
    return `${git("rev-parse", "--short", "HEAD")}${changed}`;
  } catch {
    return "unknown";
  }
}

async function main(): Promise<void> {
  if (values.list) {
    for (const row of ROWS) say(`${row.name.padEnd(18)}${row.title}`);
    return;
  }
  const rows = chosenRows();
  const folder = mkdtempSync(join(tmpdir(), "daybook-bench-shared-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  const filled = new Map<string, Promise<string>>();
  const setting: Setting = {
    rounds: Number(values.rounds ?? (values.quick ? QUICK_ROUNDS : ROUNDS)),
    quick: values.quick,
    large: values.large,
    size: (full) => (values.quick ? Math.ceil(full / QUICK_PART) : full),
    shared(name, fill) {
      const dir = join(folder, name);
      const ready = filled.get(name) ?? fill(dir).then(() => dir);
      filled.set(name, ready);
      return ready;
    },
    say,
  };
  const machine = `${cpus()[0]?.model ?? "?"}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${release()}, Node ${process.version}`;
  // Now: who works in this checkout may commit while the clock runs.
  const measuredCommit = commit();
  say(`${machine}\ncommit ${measuredCommit}, ${setting.rounds} rounds${values.quick ? ", quick" : ""}`);
  const begun = performance.now();
  const measured = [];
  for (const row of rows) {
    say(`\n${row.title}  [${row.name}]`);
    try {
      const figures = await row.run(setting);
      for (const figure of figures) printFigure(figure, say);
      measured.push({ row: row.name, title: row.title, figures: figures.map(recordOf) });
    } catch (thrown) {
      process.exitCode = 1;
      say(`  FAILED: ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
      measured.push({ row: row.name, title: row.title, failed: String(thrown) });
    }
  }
  const seconds = Math.round((performance.now() - begun) / 1_000);
  const figures = measured.flatMap((row) => row.figures ?? []);
  const missed = figures.filter((figure) => figure.met === false);
  say(
    `\n${figures.filter((figure) => figure.met === true).length} goals met, ${missed.length} missed, ${seconds} s`,
  );
  for (const figure of missed) say(`  missed: ${figure.what}`);
  const isFull = values.only.length === 0 && !values.quick;
  const out = values.out ?? (isFull ? join(import.meta.dirname, "results.json") : undefined);
  if (out === undefined) return;
  const results = {
    date: new Date().toISOString(),
    commit: measuredCommit,
    machine,
    rounds: setting.rounds,
    large: values.large,
    seconds,
    rows: measured,
  };
  writeFileSync(out, `${JSON.stringify(results, null, 1)}\n`);
  say(`written to ${out}`);
}

await main();
// A row that failed half way may have left a server or a thread open.
process.exit();
