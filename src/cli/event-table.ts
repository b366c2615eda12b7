import type { AuditEvent } from "../event/event.ts";
import { type Style, visible } from "./print.ts";
import type { Cell, Column } from "./table.ts";
import { readableTime } from "./when.ts";

export const EVENT_COLUMNS: readonly Column[] = [
  { title: "SEQ", align: "right" },
  { title: "TIME (UTC)" },
  { title: "STATUS" },
  { title: "TYPE" },
  { title: "AGENT" },
  { title: "TOOL" },
  { title: "MS", align: "right" },
  { title: "SUMMARY", rest: true },
];

const STATUS_STYLES: Readonly<Record<string, Style>> = {
  ok: "green",
  error: "red",
  denied: "yellow",
  pending: "cyan",
};

export function statusStyle(status: string | null): Style | undefined {
  return status === null ? undefined : STATUS_STYLES[status];
}

/** One row of the table of events, its text made visible. */
export function eventRow(event: AuditEvent): Cell[] {
  const cell = (text: string | number | null, style?: Style): Cell => ({
    text: text === null ? "" : visible(String(text)),
    style,
  });
  return [
    cell(event.seq, "dim"),
    cell(readableTime(event.occurredAt)),
    cell(event.status ?? event.phase, statusStyle(event.status)),
    cell(event.type),
    cell(event.agent),
    cell(event.tool),
    cell(event.durationMs),
    cell(event.summary ?? event.error ?? event.resource.id),
  ];
}
