import type { AuditEvent } from "../../event/event.ts";
import { type Format, millis } from "./table.ts";

const TEXT_CHARS = 4_000;
const SEVERITIES = { TRACE: 0, DEBUG: 1, INFO: 3, WARN: 6, ERROR: 8, FATAL: 10 } as const;

type CefRow = readonly [key: string, value: (event: AuditEvent) => string | number | null | undefined];

/** ArcSight Common Event Format 0, revision 25; the keys are those of its dictionary, custom ones with their labels. */
const ROWS: readonly CefRow[] = [
  ["externalId", (event) => event.id],
  ["rt", (event) => millis(event.recordedAt)],
  ["end", (event) => millis(event.occurredAt)],
  ["start", (event) => (event.durationMs === null ? null : millis(event.occurredAt) - event.durationMs)],
  ["cat", (event) => event.category],
  ["outcome", (event) => event.status],
  ["act", (event) => event.tool ?? event.type],
  ["reason", (event) => event.error],
  ["msg", (event) => event.summary],
  ["suid", (event) => event.actor.id],
  ["suser", (event) => event.actor.label],
  ["deviceProcessName", (event) => event.agent],
  ["dvchost", (event) => event.source],
  ["dhost", (event) => event.destination],
  ["fileType", (event) => event.resource.type],
  ["fname", (event) => event.resource.id],
  ["request", (event) => event.app],
  ["cn1Label", (event) => (event.durationMs === null ? null : "durationMs")],
  ["cn1", (event) => event.durationMs],
  ["cn2Label", () => "seq"],
  ["cn2", (event) => event.seq],
  ["cs1Label", (event) => (Object.keys(event.data).length === 0 ? null : "data")],
  ["cs1", (event) => (Object.keys(event.data).length === 0 ? null : JSON.stringify(event.data))],
  ["cs2Label", (event) => (event.runId === null ? null : "runId")],
  ["cs2", (event) => event.runId],
  ["cs3Label", (event) => (event.conversationId === null ? null : "conversation")],
  ["cs3", (event) => event.conversationId],
  ["cs4Label", (event) => (event.model === null ? null : "model")],
  ["cs4", (event) => event.model],
  ["cs5Label", (event) => (event.traceId === null ? null : "traceId")],
  ["cs5", (event) => event.traceId],
  ["cs6Label", () => "environment"],
  ["cs6", (event) => event.environment],
];

/** One line an event: nothing in it can begin another line or another field. */
export const cef: Format = {
  name: "cef",
  version: "0",
  contentType: "text/plain",
  render(event) {
    const header = ["CEF:0", "Daybook", "Daybook", "1", event.type, event.summary ?? event.type];
    const extension = ROWS.flatMap(([key, value]) => {
      const given = value(event);
      return given === null || given === undefined ? [] : [`${key}=${extensionText(String(given))}`];
    });
    return [...header.map(headerText), String(SEVERITIES[event.severity]), extension.join(" ")].join("|");
  },
};

function headerText(text: string): string {
  return text.slice(0, 512).replaceAll("\\", "\\\\").replaceAll("|", "\\|").replace(/\s+/g, " ");
}

function extensionText(text: string): string {
  return text
    .slice(0, TEXT_CHARS)
    .replaceAll("\\", "\\\\")
    .replaceAll("=", "\\=")
    .replace(/\r\n|[\r\n\u2028\u2029]/g, "\\n");
}
