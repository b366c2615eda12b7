import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { formatMicros, nowMicros } from "../../../base/clock.ts";
import { settlesWithin } from "../../../base/deadline.ts";
import { messageOf, TrailError } from "../../../base/error.ts";
import { uuidv7 } from "../../../base/uuid.ts";
import { own } from "../../../emit/owner.ts";
import { boundedLine, SpoolBuffer } from "../../../emit/spool-buffer.ts";
import { acceptDraft } from "../../../event/accept.ts";
import { LIMITS } from "../../../event/limits.ts";
import { fromHook } from "../../../ingest/hooks/hook.ts";
import { createRedactor } from "../../../redact/redactor.ts";
import type { Store } from "../../../store/store.ts";
import type { Call, Command } from "../../command.ts";
import { isServer, type Target, targetOf } from "../../config/target.ts";
import type { Io } from "../../io.ts";
import { visible } from "../../print.ts";
import { deliverSpool, isDelivering } from "./delivery.ts";

/** The agent waits for this program: what a store in a file does not take in this time stays in the spool. */
const STORE_MS = 1_000;
const BUSY_MS = 250;
const INPUT_MS = 2_000;
/** For these the agent does not wait: a process of its own brings its events to a trail elsewhere. */
const REQUEST_MS = 5_000;
const PATIENCE_MS = 60_000;
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
    `{ "type": "command", "command": "daybook hook codex --db https://daybook.example" }`,
  ],
  async run(call) {
    const { io, settings, argument } = call;
    const target = targetOf(settings.required("db"));
    try {
      if (settings.on("deliver")) {
        await deliver(call, target);
        return 0;
      }
      // Claude Code ends the hooks that still run when it ends itself: what one began it brings to its end.
      io.onStop(() => undefined);
      const payload = JSON.parse(await readInput(io));
      await keep(call, target, linesOf(argument, payload, settings.required("tenant")));
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
 * that has it, the spool goes. A store elsewhere may be slow, away, or hang: it is left to a process of
 * its own, and the agent goes on. What stays is delivered by whoever opens the trail next; the same id
 * twice is one event.
 */
async function keep(call: Call, { file, spoolDir }: Target, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  if (spoolDir === null) throw new TrailError("option.invalid", "A trail in memory would be gone at once.");
  const dir = join(spoolDir, uuidv7());
  const spool = new SpoolBuffer(dir, SPOOL_LIMITS, () => undefined);
  own(dir);
  for (const line of lines) {
    if (!spool.pushLine(line)) throw new TrailError("emitter.full", "The payload does not fit the spool.");
  }
  spool.close();
  if (file === null) {
    if (!isDelivering(spoolDir)) startDelivery(call);
    return;
  }
  const stored = store(file.path, lines);
  if (!(await settlesWithin(stored, STORE_MS))) return;
  await stored;
  rmSync(dir, { recursive: true, force: true });
}

/** Addresses and keys go by the environment: command lines are for everyone to see. */
function startDelivery({ io, settings, argument }: Call): void {
  const apiKey = settings.text("apiKey");
  io.startAlone(["hook", argument, "--deliver"], {
    DAYBOOK_DB: settings.required("db"),
    ...(apiKey === undefined ? {} : { DAYBOOK_API_KEY: apiKey }),
  });
}

async function deliver(call: Call, { name, file, spoolDir }: Target): Promise<void> {
  if (spoolDir === null) return;
  const opened = await openSink(name, file, call.settings.text("apiKey"));
  try {
    await deliverSpool(spoolDir, opened, PATIENCE_MS);
  } finally {
    await opened.close();
  }
}

async function openSink(name: string, file: Target["file"], apiKey: string | undefined): Promise<Store> {
  if (file !== null) return openFile(file.path, REQUEST_MS);
  if (isServer(name)) {
    const { openRemoteStore } = await import("../../../store/remote/remote-store.ts");
    return openRemoteStore(name, { apiKey, timeoutMs: REQUEST_MS });
  }
  return (await import("../../../store/postgres/postgres-store.ts")).openPostgresStore(name);
}

/** Each store is loaded where it is needed: the events are safe before it is. */
async function openFile(path: string, busyTimeoutMs: number): Promise<Store> {
  const { openSqliteStore } = await import("../../../store/sqlite/sqlite-store.ts");
  return openSqliteStore(path, { busyTimeoutMs });
}

async function store(path: string, lines: readonly string[]): Promise<void> {
  const opened = await openFile(path, BUSY_MS);
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

/** To a file beside the trail's spools: an agent may read what a hook prints. */
function noteProblem({ out, io }: Call, { spoolDir }: Target, problem: string): void {
  const line = visible(problem.slice(0, 1_000));
  if (io.stdin.isTTY === true || spoolDir === null) {
    out.note(`daybook: ${line}`);
    return;
  }
  try {
    mkdirSync(spoolDir, { recursive: true, mode: 0o700 });
    const path = join(spoolDir, LOG_FILE);
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
    appendFileSync(path, `${formatMicros(nowMicros())} ${line}\n`, { mode: 0o600 });
  } catch (thrown) {
    // Nothing can be written: standard error is read by nobody when the exit status is 0.
    out.note(`daybook: ${line} (${visible(messageOf(thrown))})`);
  }
}
