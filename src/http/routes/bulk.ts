import { isTrailError, TrailError } from "../../base/error.ts";
import { exceedsDepth } from "../../base/json.ts";
import { LIMITS } from "../../event/limits.ts";
import { parseWire } from "../../event/parse.ts";
import type { WireDraft } from "../../event/wire.ts";
import { type Access, checkReach } from "../access.ts";
import { textOf } from "../body.ts";
import { type Answer, type Asked, throughDoor } from "../door.ts";
import type { Route } from "../routing.ts";
import type { ServerState } from "../server-state.ts";
import { environmentOf, lackOfEnvironment, refuseReserved } from "./events.ts";
import { OUTCOMES_HEADER, recordLines } from "./lines.ts";

const CHUNK_EVENTS = 1_000;
const ERRORS_MAX = 1_000;

interface LineError {
  line: number;
  code: string;
  field?: string;
  rule: string;
}

interface Tally {
  accepted: number;
  duplicates: number;
  rejected: number;
  errors: LineError[];
  omitted: number;
}

export function bulkRoute(route: Route, state: ServerState): void {
  route("post", "/api/v1/events/bulk", (c, access) => throughDoor(c, access, recordMany, state));
}

/**
 * NDJSON, or one JSON array. Each line stands for itself: a bad one is named and costs no good one.
 * Answers when the good ones are committed.
 */
export async function recordMany(asked: Asked, access: Access, state: ServerState): Promise<Answer> {
  if (asked.header(OUTCOMES_HEADER) === "1") return recordLines(asked, access, state);
  const defaults = { tenant: access.tenant, environment: environmentOf(asked, access) };
  const items = readItems(await asked.body(LIMITS.bodyBytes));
  const tally: Tally = { accepted: 0, duplicates: 0, rejected: 0, errors: [], omitted: 0 };
  let chunk: Array<{ line: number; draft: WireDraft }> = [];
  for (const item of items) {
    const draft = readLine(item, defaults, access, tally);
    if (draft !== null) chunk.push({ line: item.line, draft });
    if (chunk.length < CHUNK_EVENTS) continue;
    await commit(chunk, state, tally);
    chunk = [];
  }
  if (chunk.length > 0) await commit(chunk, state, tally);
  state.metrics.events("bulk", tally.accepted);
  state.metrics.rejected("bulk", tally.rejected);
  const { accepted, duplicates, rejected, errors, omitted } = tally;
  const answer = { accepted, duplicates, rejected, errors, errors_omitted: omitted };
  return { status: 200, headers: { "Content-Type": "application/json" }, body: JSON.stringify(answer) };
}

type Item = { line: number; value: unknown } | { line: number; broken: string; code: string };

function* readItems(body: Buffer): Generator<Item, void, undefined> {
  const first = body.findIndex((byte) => byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf);
  if (first < 0) return;
  if (body[first] === 0x5b) {
    yield* readArray(body);
    return;
  }
  let line = 0;
  for (let at = 0; at < body.length; ) {
    const newline = body.indexOf(0x0a, at);
    const end = newline < 0 ? body.length : newline;
    line++;
    const bytes = end - at;
    if (bytes > LIMITS.eventBytes) yield { line, broken: tooLargeRule(), code: "event.too_large" };
    else {
      const text = body.toString("utf8", at, end).trim();
      if (text !== "") yield parseItem(line, text);
    }
    at = end + 1;
  }
}

function parseItem(line: number, text: string): Item {
  try {
    return { line, value: JSON.parse(text) };
  } catch {
    return { line, broken: "is not JSON", code: "request.malformed" };
  }
}

function* readArray(body: Buffer): Generator<Item, void, undefined> {
  let values: unknown;
  try {
    values = JSON.parse(textOf(body));
  } catch (cause) {
    throw new TrailError("request.malformed", "The body begins as a JSON array and is not one.", {
      fix: "Send a JSON array of events, or one event a line.",
      cause,
    });
  }
  if (!Array.isArray(values)) return;
  // No part of a body can be larger than the whole.
  const mayBeTooLarge = body.length > LIMITS.eventBytes;
  for (const [i, value] of values.entries()) {
    const line = i + 1;
    const broken = mayBeTooLarge ? sizeRule(value) : undefined;
    yield broken === undefined ? { line, value } : { line, broken, code: "event.too_large" };
  }
}

function sizeRule(value: unknown): string | undefined {
  // JSON.stringify recurses, and what is nested so deep would end the stack.
  if (exceedsDepth(value, LIMITS.dataDepth + 1)) return undefined;
  const bytes = Buffer.byteLength(JSON.stringify(value));
  return bytes > LIMITS.eventBytes ? tooLargeRule() : undefined;
}

function tooLargeRule(): string {
  return `is larger than ${LIMITS.eventBytes} bytes`;
}

function readLine(
  item: Item,
  defaults: Parameters<typeof parseWire>[1],
  access: Access,
  tally: Tally,
): WireDraft | null {
  if ("broken" in item) {
    reject(tally, { line: item.line, code: item.code, rule: item.broken });
    return null;
  }
  const { draft, problems = [] } = parseWire(item.value, defaults);
  const broken = [...problems, ...lackOfEnvironment(access, defaults?.environment, item.value)];
  if (draft === undefined || broken.length > 0) {
    const [first, ...more] = broken;
    if (first !== undefined) reject(tally, { line: item.line, code: "event.invalid", ...first });
    for (const problem of more) note(tally, { line: item.line, code: "event.invalid", ...problem });
    return null;
  }
  try {
    refuseReserved(draft);
    checkReach(access, draft);
  } catch (thrown) {
    if (!isTrailError(thrown)) throw thrown;
    reject(tally, { line: item.line, code: thrown.code, ...fieldOf(thrown), rule: thrown.message });
    return null;
  }
  return draft;
}

async function commit(
  chunk: ReadonlyArray<{ line: number; draft: WireDraft }>,
  state: ServerState,
  tally: Tally,
): Promise<void> {
  const outcomes = await state.trail.append(chunk.map(({ draft }) => draft));
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === "appended") tally.accepted++;
    if (outcome.status === "duplicate") tally.duplicates++;
    if (outcome.status === "rejected") {
      reject(tally, { line: chunk[i]?.line ?? 0, code: "event.invalid", rule: outcome.reason });
    }
  }
}

function fieldOf({ field }: TrailError): { field?: string } {
  return field === undefined ? {} : { field };
}

/** The line's first broken rule; `note` adds further ones of the same line. */
function reject(tally: Tally, error: LineError): void {
  tally.rejected++;
  note(tally, error);
}

function note(tally: Tally, error: LineError): void {
  if (tally.errors.length < ERRORS_MAX) tally.errors.push(error);
  else tally.omitted++;
}
