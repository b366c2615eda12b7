import { closeSync, createReadStream, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { TrailError } from "../../base/error.ts";
import { checkEvidence } from "../../evidence/check.ts";
import { bundleFiles } from "../../evidence/files.ts";
import { REPORT_ROWS, reportPage } from "../../evidence/report.ts";
import { linesOf } from "../../evidence/verdict.ts";
import { FORMATS, isFormatName } from "../../forward/formats/formats.ts";
import type { Format } from "../../forward/formats/table.ts";
import type { EvidenceHeader, EvidenceOptions } from "../../trail/seal/evidence.ts";
import type { Trail } from "../../trail/trail.ts";
import type { Call, Command } from "../command.ts";
import { conditionsOf } from "../filters.ts";
import { visible } from "../print.ts";
import { openExisting } from "../wire.ts";

export const exportCommand: Command = {
  name: "export",
  summary:
    "Write events out, oldest first, as NDJSON; with --evidence, a folder that proves them to a stranger.",
  examples: [
    "daybook export > events.ndjson",
    "daybook export --as ocsf --since 7d > ocsf.ndjson",
    "daybook export --run run-42 --evidence ./case-42",
    "daybook export --seqs 1-500 --evidence ./first-500",
  ],
  async run(call) {
    await using trail = openExisting(call);
    const folder = call.settings.text("evidence");
    if (folder !== undefined) return await writeEvidence(call, trail, folder);
    const filter = conditionsOf(call.settings);
    const { render } = formatOf(call.settings.required("as"));
    for await (const event of trail.events.export({ filter, signal: call.out.gone })) {
      const rendered = render(event);
      if (typeof rendered === "string") await call.out.line(visible(rendered));
      else await call.out.json(rendered);
    }
    return 0;
  },
};

function formatOf(name: string): Format {
  if (isFormatName(name)) return FORMATS[name];
  throw new TrailError("option.invalid", `--as must be one of ${Object.keys(FORMATS).join(", ")}.`, {
    field: "--as",
  });
}

async function writeEvidence(call: Call, trail: Trail, folder: string): Promise<number> {
  const { settings, out } = call;
  const tenant = settings.required("tenant");
  const options = selectionOf(call, tenant);
  await trail.seal({ tenant });
  makeFolder(folder);
  const path = join(folder, "evidence.ndjson");
  const file = openSync(path, "wx", 0o600);
  try {
    for await (const line of trail.evidence(options)) writeSync(file, `${line}\n`);
  } finally {
    closeSync(file);
  }
  for (const [name, text] of bundleFiles()) writeFileSync(join(folder, name), text, { mode: 0o600 });
  const verdict = await checkEvidence(linesIn(path));
  const [header = "", ...lines] = await beginning(path);
  const { log, selection, made_at: madeAt, keys, checkpoint, events } = JSON.parse(header) as EvidenceHeader;
  const verifiers = keys.map(({ verifier, state }) => `${verifier} (${state})`);
  const page = reportPage({
    log,
    tenant,
    selection,
    madeAt,
    verdict,
    keys: verifiers,
    checkpoint,
    events,
    lines: lines.slice(0, events).map((line) => JSON.parse(line)),
  });
  writeFileSync(join(folder, "report.html"), page, { mode: 0o600 });
  if (settings.on("json")) await out.json({ folder, events, verdict });
  else {
    await out.line(`${events} events in ${visible(folder)}`);
    for (const line of linesOf(verdict)) await out.line(visible(line));
  }
  return verdict.holds ? 0 : 1;
}

function linesIn(path: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Number.POSITIVE_INFINITY });
}

/** As many lines as a report shows. */
async function beginning(path: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesIn(path)) {
    lines.push(line);
    if (lines.length > REPORT_ROWS) break;
  }
  return lines;
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    throw new TrailError("option.invalid", `${folder} is there already.`, {
      field: "--evidence",
      fix: "Name a new folder.",
    });
  }
}

function selectionOf({ settings }: Call, tenant: string): EvidenceOptions {
  const seqs = settings.text("seqs");
  const where = conditionsOf(settings);
  if (seqs === undefined) {
    const words =
      where.length === 0 ? "every sealed event that is there" : `events that match ${JSON.stringify(where)}`;
    return { tenant, where, selection: words };
  }
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(seqs);
  if (match === null || where.length > 0)
    throw new TrailError("option.invalid", "--seqs must be FIRST-LAST, and stands without filters.", {
      field: "--seqs",
    });
  const range = [Number(match[1]), Number(match[2])] as const;
  return { tenant, range, selection: `every event from ${range[0]} to ${range[1]}` };
}
