import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { uuidv7 } from "../../src/base/uuid.ts";
import { checkFile } from "../../src/store/sqlite/check.ts";
import { examine, kill, randomDelay, start } from "./rounds.ts";

/** 1 000 by hand: `DAYBOOK_CRASH_ROUNDS=1000 npx vitest run test/crash`. */
const ROUNDS = Number(process.env.DAYBOOK_CRASH_ROUNDS ?? 60);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "daybook-crash-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it(`has, once, all that was acknowledged over HTTP, through ${ROUNDS} kills of the server`, {
  timeout: ROUNDS * 5000,
}, async () => {
  const db = join(dir, "server.db");
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { child, line } = await start(join(import.meta.dirname, "server.ts"), [db]);
    const stopped = new AbortController();
    const clients = [
      one(line, acknowledged, stopped.signal),
      one(line, acknowledged, stopped.signal),
      many(line, acknowledged, stopped.signal),
    ];
    await randomDelay(120);
    await kill(child);
    stopped.abort();
    await Promise.all(clients);
  }
  expect(acknowledged.length).toBeGreaterThan(ROUNDS);
  const found = await examine(db, acknowledged);
  expect(found.missing).toEqual([]);
  expect(found).toMatchObject({ doubled: 0, gaps: 0, head: found.events });
  expect(await checkFile(db)).toEqual([]);
});

/** Posts single events, one after another, until the server is gone; a retry carries the same id. */
async function one(url: string, acknowledged: string[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const id = uuidv7();
    const attributes = {
      event_type: "crash.one",
      resource_type: "test",
      resource_id: "1",
      data: { text: "x".repeat(300) },
    };
    const body = JSON.stringify({ data: { id, type: "event", attributes } });
    const answer = await post(`${url}/api/v1/events`, body);
    if (answer?.status === 201) acknowledged.push(id);
    else if (answer === null) return;
  }
}

async function many(url: string, acknowledged: string[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const ids = Array.from({ length: 50 }, () => uuidv7());
    const body = ids.map((id) => JSON.stringify({ id, event_type: "crash.many" })).join("\n");
    const answer = await post(`${url}/api/v1/events/bulk`, body);
    if (answer === null) return;
    const { accepted } = JSON.parse(answer.text) as { accepted: number };
    if (accepted === ids.length) acknowledged.push(...ids);
  }
}

/** Null when the connection broke: then nothing was acknowledged. */
async function post(url: string, body: string): Promise<{ status: number; text: string } | null> {
  try {
    const response = await fetch(url, { method: "POST", body });
    return { status: response.status, text: await response.text() };
  } catch {
    return null;
  }
}
