import { readdirSync, readFileSync } from "node:fs";
import type { EventDraft } from "../../src/event/event.ts";
import { fromHook } from "../../src/ingest/hooks/hook.ts";
import type { Ingested } from "../../src/ingest/ingested.ts";
import { decodeLogs, decodeMetrics, decodeTraces } from "../../src/ingest/otlp/decode.ts";
import { fromLogs } from "../../src/ingest/otlp/logs.ts";
import { fromTraces } from "../../src/ingest/otlp/traces.ts";
import { fromMetrics } from "../../src/ingest/otlp-metrics.ts";

const SAMPLES = new URL("../samples/", import.meta.url);

export const sample = (path: string): Buffer => readFileSync(new URL(path, SAMPLES));

/** The recorded request bodies of a folder, in the order in which they came. */
export function bodies(folder: string): string[] {
  return readdirSync(new URL(`${folder}/`, SAMPLES))
    .filter((name) => /^\d/.test(name) && !name.endsWith(".expected.json"))
    .sort()
    .map((name) => `${folder}/${name}`);
}

export const JSON_TYPE = "application/json";
export const PROTO_TYPE = "application/x-protobuf";

/** A recorded OTLP request as the server would read it. */
export async function readOtlp(path: string): Promise<Ingested> {
  const bytes = sample(path);
  const type = path.endsWith(".pb") ? PROTO_TYPE : JSON_TYPE;
  if (path.includes("_traces")) return fromTraces(await decodeTraces(bytes, type));
  if (path.includes("_logs")) return fromLogs(await decodeLogs(bytes, type));
  return fromMetrics(await decodeMetrics(bytes, type));
}

export function readHookBody(path: string): Ingested {
  return fromHook("claude-code", JSON.parse(sample(path).toString("utf8")));
}

/** What many payloads give in one log: of two events with one id the store keeps the first. */
export function together(many: readonly Ingested[]): {
  events: EventDraft[];
  dropped: Record<string, number>;
} {
  const events = new Map<string, EventDraft>();
  const dropped: Record<string, number> = {};
  let unnamed = 0;
  for (const { drafts, dropped: counts } of many) {
    for (const draft of drafts) {
      const id = draft.id ?? `unnamed ${unnamed++}`;
      if (!events.has(id)) events.set(id, draft);
    }
    for (const [reason, count] of Object.entries(counts)) dropped[reason] = (dropped[reason] ?? 0) + count;
  }
  return { events: [...events.values()], dropped };
}

/** One line of a golden file. */
export function line(draft: EventDraft): string {
  const { usage } = draft;
  const parts = [
    draft.type,
    draft.phase ?? "·",
    draft.status,
    draft.tool,
    draft.callId,
    draft.resource?.id === draft.tool ? undefined : draft.resource?.id,
    usage && `${usage.input ?? 0}+${usage.output ?? 0} tokens, ${usage.cached ?? 0} cached`,
    draft.costUsd && `$${draft.costUsd}`,
    draft.durationMs === null || draft.durationMs === undefined ? undefined : `${draft.durationMs} ms`,
    draft.error && `“${draft.error.split("\n")[0]}”`,
  ];
  return parts.filter((part) => part !== undefined && part !== null && part !== "").join("  ");
}

export const golden = (name: string): string[] =>
  readFileSync(new URL(`golden/${name}.txt`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n");

export const ofType = (events: readonly EventDraft[], type: string): EventDraft[] =>
  events.filter((event) => event.type === type);

export function sumOf(events: readonly EventDraft[], key: "input" | "output" | "cached"): number {
  return events.reduce((sum, { usage }) => sum + (usage?.[key] ?? 0), 0);
}
