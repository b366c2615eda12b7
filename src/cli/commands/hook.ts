import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { formatMicros, nowMicros } from "../../base/clock.ts";
import { settlesWithin } from "../../base/deadline.ts";
import { messageOf, TrailError } from "../../base/error.ts";
import { uuidv7 } from "../../base/uuid.ts";
import { own } from "../../emit/owner.ts";
import { boundedLine, SpoolBuffer } from "../../emit/spool-buffer.ts";
import { acceptDraft } from "../../event/accept.ts";
import { LIMITS } from "../../event/limits.ts";
import { fromHook } from "../../ingest/hooks/hook.ts";
import { createRedactor } from "../../redact/redactor.ts";
import { openSqliteStore } from "../../store/sqlite/sqlite-store.ts";
import type { Call, Command } from "../command.ts";
import type { Io } from "../io.ts";
import { visible } from "../print.ts";
import { type Target, targetOf } from "../wire.ts";

/** The agent waits for this program: what the store does not take in this time stays in the spool. */
const STORE_MS = 1_000;
const BUSY_MS = 250;
const INPUT_MS = 2_000;
const LOG_FILE = "hook.log";
const LOG_BYTES_MAX = 1_048_576;
const SPOOL_LIMITS = { maxEvents: 10_000, maxBytes: 64 * 1_048_576, overflow: "drop-newest" } as const;

export const hook: Command = {
  name: "hook",
  summary: "Record one hook payload of a coding agent from standard input; never in the agent's way.",
  argument: { name: "agent", doc: "whose payload it is: claude-code, codex, gemini …" },
  neverFails: true,
  examples: [
    `echo '{"hook_event_name":"Stop","session_id":"s1"}' | daybook hook claude-code`,
    `{ "type": "command", "command": "daybook hook claude-code --db ~/daybook.db", "async": true }`,
  ],
  async run(call) {
    const { io, settings, argument } = call;
    const target = targetOf(settings.required("db"));
    try {
      const payload = JSON.parse(await readInput(io));
      await keep(target.file, linesOf(argument, payload, settings.required("tenant")));
    } catch (thrown) {
      noteProblem(call, target, `${argument}: ${messageOf(thrown)}`);
    } finally {
      // An agent may keep its end open; nothing more is read.
      io.stdin.destroy();
    }
    return 0;
  },
};

/** The payload, whole, within the time and the size that an agent's hook may take. */
async function readInput(io: Io): Promise<string> {
  if (io.stdin.isTTY === true)
    throw new TrailError("option.invalid", "A hook's payload comes on standard input.");
  const pieces: Buffer[] = [];
  let bytes = 0;
  const reading = (async () => {
    for await (const piece of io.stdin) {
      bytes += piece.length;
      if (bytes > LIMITS.bodyBytes) throw new TrailError("event.too_large", "The payload is too large.");
      pieces.push(Buffer.from(piece));
    }
  })();
  if (!(await settlesWithin(reading, INPUT_MS)))
    throw new TrailError("request.malformed", `The payload did not end within ${INPUT_MS} ms.`);
  await reading;
  return Buffer.concat(pieces).toString("utf8");
}

function linesOf(agent: string, payload: unknown, tenant: string): string[] {
  const redactor = createRedactor();
  const { drafts, rejected } = fromHook(agent, payload, { tenant });
  if (rejected[0] !== undefined) throw new TrailError("event.invalid", rejected[0].reason);
  return drafts.map((draft) => boundedLine(redactor.redact(acceptDraft(draft, { tenant }))));
}

/**
 * First to the spool, so that nothing that happens afterwards loses it; then to the store, and when
 * that has it, the spool goes. What stays is delivered by whoever opens the trail next; the same id
 * twice is one event.
 */
async function keep(file: Target["file"], lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  if (file === null) throw new TrailError("option.invalid", "A trail in memory would be gone at once.");
  const dir = join(file.spoolDir, uuidv7());
  const spool = new SpoolBuffer(dir, SPOOL_LIMITS, () => undefined);
  own(dir);
  for (const line of lines) {
    if (!spool.pushLine(line)) throw new TrailError("emitter.full", "The payload does not fit the spool.");
  }
  spool.close();
  const stored = store(file.path, lines);
  if (!(await settlesWithin(stored, STORE_MS))) return;
  await stored;
  rmSync(dir, { recursive: true, force: true });
}

async function store(path: string, lines: readonly string[]): Promise<void> {
  const opened = await openSqliteStore(path, { busyTimeoutMs: BUSY_MS });
  try {
    const outcomes = await opened.append(lines);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected")
        throw new TrailError("event.invalid", `The store refused it: ${outcome.reason}`);
    }
  } finally {
    await opened.close();
  }
}

/** To a file beside the trail: an agent may read what a hook prints. */
function noteProblem({ out, io }: Call, { file }: Target, problem: string): void {
  const line = visible(problem.slice(0, 1_000));
  if (io.stdin.isTTY === true || file === null) {
    out.note(`daybook: ${line}`);
    return;
  }
  try {
    mkdirSync(file.spoolDir, { recursive: true, mode: 0o700 });
    const path = join(file.spoolDir, LOG_FILE);
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
    appendFileSync(path, `${formatMicros(nowMicros())} ${line}\n`, { mode: 0o600 });
  } catch (thrown) {
    // Nothing can be written: standard error is read by nobody when the exit status is 0.
    out.note(`daybook: ${line} (${visible(messageOf(thrown))})`);
  }
}
