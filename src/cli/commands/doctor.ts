import { existsSync, readdirSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isTrailError, messageOf } from "../../base/error.ts";
import { listFolders } from "../../emit/owner.ts";
import { isSegmentName } from "../../emit/segment.ts";
import { checkFile } from "../../store/sqlite/check.ts";
import type { Call, Command } from "../command.ts";
import { type Target, targetOf } from "../config/target.ts";
import { type Style, visible } from "../print.ts";
import { openExisting } from "../wire.ts";

const NODE_NEEDED = 24;
const UNWELL = 1;
const GIB = 1024 ** 3;
const FREE_WARN_BYTES = GIB;
const FREE_FAIL_BYTES = GIB / 16;
const EMITTERS_SHOWN = 5;
const FINDINGS_SHOWN = 10;

interface Finding {
  readonly check: string;
  readonly status: "ok" | "warn" | "fail";
  readonly detail: string;
}

const STYLES: Readonly<Record<Finding["status"], Style>> = { ok: "green", warn: "yellow", fail: "red" };

export const doctor: Command = {
  name: "doctor",
  summary: "Check the program, the trail, its file and its emitters; exit status 1 when something is wrong.",
  examples: ["daybook doctor", "daybook doctor --db /var/lib/daybook/daybook.db --json"],
  async run(call) {
    const { out, settings } = call;
    const asJson = settings.on("json");
    let isWell = true;
    for await (const finding of examine(call)) {
      isWell &&= finding.status !== "fail";
      if (asJson) await out.json(finding);
      else {
        const status = out.paint(STYLES[finding.status], finding.status.padEnd(4));
        await out.line(`${status}  ${finding.check.padEnd(9)}  ${visible(finding.detail)}`);
      }
    }
    return isWell ? 0 : UNWELL;
  },
};

async function* examine(call: Call): AsyncGenerator<Finding> {
  yield checkNode();
  const target = targetOf(call.settings.required("db"));
  // Before the trail is opened: opening delivers what dead processes left behind.
  if (target.file !== null) yield checkSpools(target.file.spoolDir);
  const opened = await checkStore(call, target);
  yield* opened;
  if (target.file === null || opened.some(({ status }) => status === "fail")) return;
  yield await checkContent(target.file.path);
  yield await checkDisk(target.file.path);
}

function checkNode(): Finding {
  const major = Number(process.versions.node.split(".")[0]);
  const status = major >= NODE_NEEDED ? "ok" : "fail";
  return { check: "node", status, detail: `${process.version}; ${NODE_NEEDED} or later is needed` };
}

function checkSpools(spoolDir: string): Finding {
  let files = 0;
  let bytes = 0;
  try {
    for (const folder of listFolders(spoolDir)) {
      for (const name of readdirSync(join(spoolDir, folder)).filter(isSegmentName)) {
        const { size } = statSync(join(spoolDir, folder, name));
        if (size > 0) files++;
        bytes += size;
      }
    }
  } catch (thrown) {
    return { check: "spool", status: "warn", detail: `cannot be read: ${messageOf(thrown)}` };
  }
  if (files === 0) return { check: "spool", status: "ok", detail: "nothing is waiting" };
  const detail = `${bytes} bytes in ${files} files in ${spoolDir}: of emitters that run, or delivered at the next start`;
  return { check: "spool", status: "warn", detail };
}

async function checkStore(call: Call, target: Target): Promise<Finding[]> {
  try {
    await using trail = openExisting(call);
    const { kind, location, schemaVersion, bytes, events } = await trail.describe();
    const size = bytes === null ? "" : `, ${bytes} bytes`;
    const detail = `${kind}, ${location}, schema ${schemaVersion}, ${events} events${size}`;
    const emitters = await trail.emitters();
    return [{ check: "store", status: "ok", detail }, judgeEmitters(emitters)];
  } catch (thrown) {
    const fix = isTrailError(thrown) && thrown.fix !== undefined ? ` ${thrown.fix}` : "";
    return [{ check: "store", status: "fail", detail: `${target.name}: ${messageOf(thrown)}${fix}` }];
  }
}

type Emitters = ReadonlyArray<{
  readonly id: string;
  readonly missing: ReadonlyArray<readonly [number, number]>;
}>;

function judgeEmitters(emitters: Emitters): Finding {
  const holed = emitters.filter(({ missing }) => missing.length > 0);
  if (holed.length === 0)
    return {
      check: "emitters",
      status: "ok",
      detail: `${emitters.length} known, no event of theirs is missing`,
    };
  const named = holed.slice(0, EMITTERS_SHOWN).map(({ id, missing }) => `${id} lacks ${ranges(missing)}`);
  if (holed.length > named.length) named.push(`and ${holed.length - named.length} more`);
  return { check: "emitters", status: "fail", detail: `events were lost: ${named.join("; ")}` };
}

function ranges(missing: ReadonlyArray<readonly [number, number]>): string {
  const shown = missing
    .slice(0, EMITTERS_SHOWN)
    .map(([low, high]) => (low === high ? `${low}` : `${low}–${high}`));
  return shown.join(", ") + (missing.length > shown.length ? " …" : "");
}

async function checkContent(path: string): Promise<Finding> {
  const findings = await checkFile(path);
  if (findings.length === 0)
    return { check: "content", status: "ok", detail: "every row and every view agrees" };
  const shown = findings.slice(0, FINDINGS_SHOWN).join("; ");
  const more = findings.length > FINDINGS_SHOWN ? `; and ${findings.length - FINDINGS_SHOWN} more` : "";
  return { check: "content", status: "fail", detail: shown + more };
}

async function checkDisk(path: string): Promise<Finding> {
  const folder = dirname(path);
  if (!existsSync(folder)) return { check: "disk", status: "fail", detail: `${folder} is not there` };
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const status = free < FREE_FAIL_BYTES ? "fail" : free < FREE_WARN_BYTES ? "warn" : "ok";
  return { check: "disk", status, detail: `${(free / GIB).toFixed(1)} GiB free` };
}
