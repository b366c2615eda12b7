import type { ServerResponse } from "node:http";
import { messageOf } from "../base/error.ts";
import type { AuditEvent } from "../event/event.ts";
import { FIELDS } from "../event/fields.ts";
import { LIMITS } from "../event/limits.ts";
import { toWire, type WireEvent } from "../event/wire.ts";
import type { EventReader, ListOptions } from "../trail/trail.ts";
import type { ServerState } from "./server-state.ts";

/** What to write, through the reader of who asked for it. */
type ExportOptions = Pick<ListOptions, "filter" | "order" | "direction"> & { events: EventReader };

interface Reader {
  /** A HEAD request: the headers, and nothing read for it. */
  headOnly: boolean;
  socket: { outgoing?: ServerResponse };
}

/** Everything that matches, a row an event, `data` as one JSON cell (RFC 4180). */
export function exportCsv(state: ServerState, options: ExportOptions, reader: Reader): Promise<Response> {
  const columns = FIELDS.map((field) => field.wire) as Array<keyof WireEvent>;
  const head = `${columns.join(",")}\r\n`;
  return streamed(state, options, reader, { contentType: "text/csv; charset=utf-8", head }, (event) => {
    const wire = toWire(event);
    return `${columns.map((column) => csvCell(wire[column])).join(",")}\r\n`;
  });
}

/** Everything that matches, a JSON object a line, under the wire names. */
export function exportJsonl(state: ServerState, options: ExportOptions, reader: Reader): Promise<Response> {
  const form = { contentType: "application/jsonl", head: "" };
  return streamed(state, options, reader, form, (event) => `${JSON.stringify(toWire(event))}\n`);
}

/** A cell that a spreadsheet takes as text: what looks like a formula is held back by an apostrophe. */
function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * Page by page and only as fast as the reader takes it: memory stays flat. The first page is read
 * before the answer begins, so that a wrong query or a dead store still has its own answer; later
 * trouble can only break the connection off, which no reader takes for the end.
 */
async function streamed(
  state: ServerState,
  options: ExportOptions,
  { headOnly, socket }: Reader,
  { contentType, head }: { contentType: string; head: string },
  write: (event: AuditEvent) => string,
): Promise<Response> {
  const headers = { "Content-Type": contentType, "X-Content-Type-Options": "nosniff" };
  if (headOnly) return new Response(null, { headers });
  const encoder = new TextEncoder();
  const pages = readPages(options);
  const first = await pages.next();
  let ahead: string | null = head + (first.done ? "" : first.value.map(write).join(""));
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const text = ahead ?? (await nextText(pages, write));
        ahead = null;
        if (text === null) controller.close();
        else controller.enqueue(encoder.encode(text));
      } catch (thrown) {
        state.log(`an export broke off: ${messageOf(thrown)}`);
        socket.outgoing?.destroy();
        controller.close();
      }
    },
    async cancel() {
      await pages.return(undefined);
    },
  });
  return new Response(body, { headers });
}

async function nextText(
  pages: AsyncGenerator<AuditEvent[], void, undefined>,
  write: (event: AuditEvent) => string,
): Promise<string | null> {
  const { value, done } = await pages.next();
  return done ? null : value.map(write).join("");
}

async function* readPages({
  events,
  ...options
}: ExportOptions): AsyncGenerator<AuditEvent[], void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await events.list({
      ...options,
      limit: LIMITS.pageSize,
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield page.events;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}
