import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { TrailError } from "../../base/error.ts";
import { isObject } from "../../base/json.ts";
import { checkEvidence } from "../../evidence/check.ts";
import { linesOf } from "../../evidence/verdict.ts";
import { checkFile } from "../../store/sqlite/check.ts";
import type { StoreVerdict, VerifyOptions } from "../../trail/seal/verify.ts";
import type { Trail } from "../../trail/trail.ts";
import type { Call, Command } from "../command.ts";
import { visible } from "../print.ts";
import { openExisting, targetOf } from "../wire.ts";

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
  const verdict = await checkEvidence(readFileSync(path, "utf8").split("\n"), settings.list("key"));
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
  const resume = place === null || !settings.on("resume") ? undefined : readPlace(place, tenant);
  let saved = resume?.done ?? 0;
  const trusted = settings.list("key");
  const kept = settings.list("checkpoint").map((path) => readFileSync(path, "utf8"));
  const options: VerifyOptions = {
    tenant,
    signal: out.gone,
    ...(resume === undefined ? {} : { resume }),
    ...(trusted.length === 0 ? {} : { trusted }),
    ...(kept.length === 0 ? {} : { checkpoints: kept }),
    onProgress(done, total) {
      if (out.columns !== undefined && total > SAVE_EVERY)
        out.note(`${visible(tenant)}: ${done} of ${total}`);
      if (place === null || done - saved < SAVE_EVERY) return;
      saved = done;
      writePlace(place, tenant, done);
    },
  };
  const verdict = await trail.verify(options);
  if (place !== null && existsSync(place)) rmSync(place);
  return verdict;
}

function readPlace(path: string, tenant: string): { tenant: string; done: number } | undefined {
  if (!existsSync(path)) return undefined;
  const place: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (!isObject(place) || place.tenant !== tenant || !Number.isSafeInteger(place.done)) return undefined;
  return { tenant, done: place.done as number };
}

function writePlace(path: string, tenant: string, done: number): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ tenant, done }), { mode: 0o600 });
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
