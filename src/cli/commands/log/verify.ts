import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { TrailError } from "../../../base/error.ts";
import { isObject } from "../../../base/json.ts";
import { checkEvidence } from "../../../evidence/check.ts";
import { linesOf } from "../../../evidence/verdict.ts";
import { checkFile } from "../../../store/sqlite/check.ts";
import type { StoreVerdict, VerifyOptions } from "../../../trail/seal/verify.ts";
import type { Trail } from "../../../trail/trail.ts";
import type { Call, Command } from "../../command.ts";
import { targetOf } from "../../config/target.ts";
import { visible } from "../../print.ts";
import { openExisting } from "../../wire.ts";
import { witnessesOf } from "../../witnesses.ts";

const BROKEN = 1;
const SAVE_EVERY = 65_536;

export const verify: Command = {
  name: "verify",
  summary: "Judge whether the trail is whole and untouched; exit status 0 only where every claim holds.",
  examples: [
    "daybook verify",
    "daybook verify --db copy.db --key 'NAME+ID+KEY'",
    "daybook verify --checkpoint kept.txt --json",
  ],
  async run(call) {
    const { settings, out } = call;
    const bundle = settings.text("bundle");
    if (bundle !== undefined) return verifyBundle(call, bundle);
    await using trail = openExisting(call);
    const only = settings.text("only");
    const tenants = only === undefined ? await trail.log.tenants() : [only];
    if (tenants.length === 0) throw nothingThere();
    let isWhole = await checkStructure(call);
    for (const tenant of tenants) {
      const verdict = await verifyTenant(call, trail, tenant);
      isWhole &&= verdict.holds;
      if (settings.on("json")) await out.json(verdict);
      else await print(call, verdict);
    }
    return isWhole ? 0 : BROKEN;
  },
};

async function verifyBundle({ settings, out }: Call, path: string): Promise<number> {
  const verdict = await checkEvidence(
    readFileSync(path, "utf8").split("\n"),
    settings.list("key"),
    settings.list("witnessKey"),
  );
  if (settings.on("json")) await out.json(verdict);
  else for (const line of linesOf(verdict)) await out.line(visible(line));
  return verdict.holds ? 0 : BROKEN;
}

/** What the file says of itself beside the events: counts, blocks, emitters. */
async function checkStructure(call: Call): Promise<boolean> {
  const { file } = targetOf(call.settings.required("db"));
  if (file === null) return true;
  const findings = await checkFile(file.path);
  for (const finding of findings) {
    if (call.settings.on("json")) await call.out.json({ structure: finding });
    else await call.out.line(`${call.out.paint("red", "structure")}  ${visible(finding)}`);
  }
  return findings.length === 0;
}

async function verifyTenant(call: Call, trail: Trail, tenant: string): Promise<StoreVerdict> {
  const { settings, out } = call;
  const { file } = targetOf(settings.required("db"));
  const place = file === null ? null : `${file.path}.verify`;
  const known = place === null || !settings.on("resume") ? 0 : (readPlaces(place)[tenant] ?? 0);
  let saved = known;
  const trusted = settings.list("key");
  const kept = settings.list("checkpoint").map((path) => readFileSync(path, "utf8"));
  const options: VerifyOptions = {
    tenant,
    signal: out.gone,
    ...(known === 0 ? {} : { resume: { tenant, done: known } }),
    ...(trusted.length === 0 ? {} : { trusted }),
    ...(kept.length === 0 ? {} : { checkpoints: kept }),
    witnesses: witnessesOf(call),
    onProgress(done, total) {
      if (out.columns !== undefined && total > SAVE_EVERY)
        out.note(`${visible(tenant)}: ${done} of ${total}`);
      if (place === null || done - saved < SAVE_EVERY) return;
      saved = done;
      writePlace(place, tenant, done);
    },
  };
  const verdict = await trail.verify(options);
  if (place !== null) writePlace(place, tenant, 0);
  return verdict;
}

/** How far each tenant's log was checked, by name. */
function readPlaces(path: string): Record<string, number> {
  if (!existsSync(path)) return {};
  const places: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (!isObject(places)) return {};
  return Object.fromEntries(
    Object.entries(places).filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1])),
  );
}

/** Zero takes the tenant out; a file without tenants is taken away. */
function writePlace(path: string, tenant: string, done: number): void {
  const { [tenant]: _, ...others } = readPlaces(path);
  const places = done === 0 ? others : { ...others, [tenant]: done };
  if (Object.keys(places).length === 0) {
    rmSync(path, { force: true });
    return;
  }
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(places), { mode: 0o600 });
  renameSync(draft, path);
}

async function print({ out }: Call, verdict: StoreVerdict): Promise<void> {
  const { tenant, events, sealed, pruned } = verdict;
  await out.line(
    out.paint("bold", `${visible(tenant)}: ${events} events, ${sealed} sealed, ${pruned} pruned`),
  );
  for (const line of linesOf(verdict)) await out.line(visible(line));
  await out.line("");
}

function nothingThere(): TrailError {
  return new TrailError("log.not_sealed", "The trail holds no events: there is nothing to verify.");
}
