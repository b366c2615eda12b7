import { get } from "./events.ts";
import { keyHeaders } from "./key.ts";

export interface RunAttributes {
  environment: string;
  agent: string | null;
  thread_id: string | null;
  skill_id: string | null;
  caller_id: string | null;
  parent_run_id: string | null;
  inputs: Record<string, unknown>;
  started_at: string;
  finished_at: string | null;
  status: string | null;
  output: string | null;
  error: string | null;
  tool_calls_count: number | null;
  runtime_seconds: number | null;
  total_input_tokens: number | null;
  total_output_tokens: number | null;
  cost_usd: string | null;
  begun: boolean;
  events: number;
  failures: number;
  denials: number;
  last_event_at: string;
}

export interface Run {
  id: string;
  attributes: RunAttributes;
}

export interface RunTree extends Run {
  children: RunTree[];
  totals?: {
    runs: number;
    tool_calls: number;
    failures: number;
    total_input_tokens: number;
    total_output_tokens: number;
    cost_usd: string;
  };
}

interface Listed<T> {
  data: T[];
  meta: { pagination: { page: number; size: number; total?: number } };
}

export const RUNS_A_PAGE = 50;

export async function fetchRuns(
  query: Readonly<Record<string, string | undefined>>,
  page: number,
): Promise<{ runs: Run[]; total: number }> {
  const params = new URLSearchParams({
    "page[size]": String(RUNS_A_PAGE),
    "page[number]": String(page),
    "meta[total]": "true",
  });
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") params.set(`filter[${name}]`, value);
  }
  const { data, meta } = (await get(`/api/v1/runs?${params}`)) as Listed<Run>;
  return { runs: data, total: meta.pagination.total ?? data.length };
}

const runPath = (id: string): string => `/api/v1/runs/${encodeURIComponent(id)}`;

export async function fetchRunTree(id: string): Promise<RunTree> {
  return ((await get(`${runPath(id)}/tree`)) as { data: RunTree }).data;
}

export async function fetchAncestors(id: string): Promise<Run[]> {
  return ((await get(`${runPath(id)}/ancestors`)) as { data: Run[] }).data;
}

export interface Figures {
  events: number;
  failures: number;
  statuses: Readonly<Record<string, number>>;
  duration_ms: { p50: number | null; p95: number | null; p99: number | null };
  tokens: { input: number; output: number };
  cost_usd: string;
}

export interface Stats {
  head: number;
  window: { since: string; until: string; bucket: string };
  totals: Figures;
  series: Array<Figures & { at: string }>;
  by: Readonly<Record<string, ReadonlyArray<Figures & { value: string }>>>;
}

export async function fetchStats(since: string): Promise<Stats> {
  const params = new URLSearchParams({ since, by: "tool,agent" });
  return (await get(`/api/v1/stats?${params}`)) as Stats;
}

export interface Failure {
  fingerprint: string;
  type: string;
  tool: string | null;
  message: string;
  count: number;
  first_seen: string;
  last_seen: string;
  last_id: string;
}

export async function fetchFailures(): Promise<Failure[]> {
  return ((await get("/api/v1/failures")) as { data: Failure[] }).data;
}

export interface Emitter {
  id: string;
  epoch: number;
  received: number;
  highest: number;
  sent: number | null;
  missing: ReadonlyArray<readonly [number, number]>;
  verdict: string;
}

export async function fetchEmitters(): Promise<Emitter[]> {
  return ((await get("/api/v1/emitters")) as { data: Emitter[] }).data;
}

export interface Thread {
  id: string;
  attributes: {
    environment: string;
    agent: string | null;
    head: number;
    watermark: number;
    first_at: string;
    last_at: string;
    events?: ReadonlyArray<{ ordinal: number; id: string; event: ThreadEvent }>;
  };
}

export type ThreadEvent = { kind: string; timestamp: string } & Record<string, unknown>;

export async function fetchThreads(): Promise<Thread[]> {
  return ((await get("/api/v1/threads?page[size]=200")) as Listed<Thread>).data;
}

export async function fetchThread(id: string): Promise<Thread> {
  return ((await get(`/api/v1/threads/${encodeURIComponent(id)}`)) as { data: Thread }).data;
}

export async function fetchCheckpoint(): Promise<string | null> {
  const response = await fetch("/api/v1/log/checkpoint", { headers: keyHeaders() });
  return response.ok ? await response.text() : null;
}
