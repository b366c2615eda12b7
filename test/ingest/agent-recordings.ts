import { readdirSync, readFileSync } from "node:fs";
import type { JsonValue } from "../../src/base/json.ts";
import { acceptDraft } from "../../src/event/accept.ts";
import type { WireDraft } from "../../src/event/wire.ts";
import { fromHook } from "../../src/ingest/hooks/hook.ts";
import { IMPORT_KINDS } from "../../src/ingest/import/kinds.ts";
import { DROPPED, type Ingested } from "../../src/ingest/ingested.ts";
import { decodeLogs, decodeTraces } from "../../src/ingest/otlp/decode.ts";
import { fromLogs } from "../../src/ingest/otlp/logs.ts";
import { fromTraces } from "../../src/ingest/otlp/traces.ts";
import { JSON_TYPE, PROTO_TYPE } from "./read.ts";

/** What `npm run agents` recorded: one folder for each agent and version. */
export const RECORDINGS = readdirSync(new URL("../samples/agents/", import.meta.url)).sort();

export const agentOf = (name: string): string => name.split("-")[0] ?? "";

export const DOORS = ["hooks", "otlp", "transcripts"] as const;
export type Door = (typeof DOORS)[number];

const lines = (path: string): Array<Record<string, unknown>> =>
  readFileSync(new URL(`../samples/agents/${path}`, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

/** All that came by one door, as a trail keeps it: of two events with one id the first. */
export async function heard(name: string, door: Door): Promise<{ events: WireDraft[]; dropped: object }> {
  const drafts: WireDraft[] = [];
  const dropped: Record<string, number> = {};
  if (door === "transcripts") {
    for (const file of transcriptsOf(name)) drafts.push(...importedFrom(name, file));
  } else {
    for (const ingested of await (door === "hooks" ? hooksOf(name) : otlpOf(name))) {
      drafts.push(...ingested.drafts.map((draft) => acceptDraft(draft, {})));
      for (const [reason, count] of Object.entries(ingested.dropped))
        dropped[reason] = (dropped[reason] ?? 0) + count;
    }
  }
  const events = new Map(drafts.toReversed().map((draft) => [draft.id, draft]));
  return { events: [...events.values()].reverse(), dropped };
}

const hooksOf = (name: string): Ingested[] =>
  lines(`${name}/hooks.ndjson`).map((payload) => fromHook(agentOf(name), payload));

async function otlpOf(name: string): Promise<Ingested[]> {
  const requests = lines(`${name}/otlp.ndjson`) as Array<{ path: string; body?: unknown; base64?: string }>;
  return Promise.all(
    requests.map(async ({ path, body, base64 }) => {
      const bytes = base64 === undefined ? Buffer.from(JSON.stringify(body)) : Buffer.from(base64, "base64");
      const type = base64 === undefined ? JSON_TYPE : PROTO_TYPE;
      return path === "/v1/traces"
        ? fromTraces(await decodeTraces(bytes, type))
        : fromLogs(await decodeLogs(bytes, type));
    }),
  );
}

export function transcriptsOf(name: string): string[] {
  const folder = new URL(`../samples/agents/${name}/`, import.meta.url);
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => file.startsWith("transcripts/"))
    .sort();
}

function importedFrom(name: string, file: string): WireDraft[] {
  const importer = IMPORT_KINDS[agentOf(name)]?.importer?.(new Map());
  if (importer === undefined) return [];
  const drafts = lines(`${name}/${file}`).flatMap((record) => {
    const { drafts: given, problem } = importer.read(record as JsonValue);
    if (problem !== undefined) throw new Error(`${file}: ${problem.field} ${problem.rule}`);
    return given;
  });
  return [...drafts, ...importer.end()];
}

/** One line of a golden file. */
export function lineOf(draft: WireDraft): string {
  const { usage, error } = draft;
  const parts = [
    draft.event_type,
    draft.phase ?? "·",
    draft.status,
    draft.agent,
    draft.tool,
    draft.call_id,
    draft.resource_id === draft.tool ? undefined : draft.resource_id,
    draft.category === "llm" ? draft.model : undefined,
    usage && `${usage.input ?? 0}+${usage.output ?? 0} tokens, ${usage.cached ?? 0} cached`,
    error && `“${error.split("\n")[0]?.slice(0, 100)}”`,
  ];
  return parts.filter((part) => part !== undefined && part !== "").join("  ");
}

export async function goldenOf(name: string): Promise<string> {
  const written: string[] = [];
  for (const door of DOORS) {
    const { events, dropped } = await heard(name, door);
    if (events.length === 0) continue;
    written.push(`# ${door}`, ...events.map(lineOf));
    for (const [reason, count] of Object.entries(dropped))
      if (reason !== DROPPED.inner && reason !== DROPPED.notAgent)
        written.push(`dropped ${count}: ${reason}`);
  }
  return `${written.join("\n")}\n`;
}
