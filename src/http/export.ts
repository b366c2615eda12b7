import type { AuditEvent } from "../event/event.ts";
import { FIELDS } from "../event/fields.ts";
import { LIMITS } from "../event/limits.ts";
import { toWire, type WireEvent } from "../event/wire.ts";
import type { ListOptions, Trail } from "../trail/trail.ts";

type ExportOptions = Pick<ListOptions, "tenant" | "filter" | "order" | "direction">;

/** Everything that matches, a row an event, `data` as one JSON cell (RFC 4180). */
export function exportCsv(trail: Trail, options: ExportOptions): Response {
  const columns = FIELDS.map((field) => field.wire) as Array<keyof WireEvent>;
  return streamed(trail, options, "text/csv; charset=utf-8", `${columns.join(",")}\r\n`, (event) => {
    const wire = toWire(event);
    return `${columns.map((column) => csvCell(wire[column])).join(",")}\r\n`;
  });
}

/** Everything that matches, a JSON object a line, under the wire names. */
export function exportJsonl(trail: Trail, options: ExportOptions): Response {
  return streamed(trail, options, "application/jsonl", "", (event) => `${JSON.stringify(toWire(event))}\n`);
}

/** A cell that a spreadsheet takes as text: what looks like a formula is held back by an apostrophe. */
function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Page by page and only as fast as the reader takes it: memory stays flat. */
function streamed(
  trail: Trail,
  options: ExportOptions,
  contentType: string,
  head: string,
  write: (event: AuditEvent) => string,
): Response {
  const encoder = new TextEncoder();
  const pages = readPages(trail, options);
  let started = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (!started) {
        started = true;
        if (head !== "") controller.enqueue(encoder.encode(head));
      }
      const { value, done } = await pages.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value.map(write).join("")));
    },
    async cancel() {
      await pages.return(undefined);
    },
  });
  return new Response(body, { headers: { "Content-Type": contentType } });
}

async function* readPages(
  trail: Trail,
  options: ExportOptions,
): AsyncGenerator<AuditEvent[], void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await trail.events.list({
      ...options,
      limit: LIMITS.pageSize,
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield page.events;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}
