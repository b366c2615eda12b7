import type { Health } from "../emit/health.ts";
import type { StoreDescription } from "../store/store.ts";

const BUCKETS_S = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5] as const;

interface Timing {
  /** Per bucket, not yet summed up. */
  counts: number[];
  sum: number;
  total: number;
}

/** The server's own counters, written in the Prometheus text format (version 0.0.4). */
export class Metrics {
  readonly #events = new Map<string, number>();
  readonly #rejected = new Map<string, number>();
  readonly #dropped = new Map<string, number>();
  readonly #requests = new Map<string, number>();
  readonly #timings = new Map<string, Timing>();
  streams = 0;

  events(door: string, count: number): void {
    add(this.#events, label("door", door), count);
  }

  rejected(door: string, count: number): void {
    add(this.#rejected, label("door", door), count);
  }

  /** What came in and is no agent activity. */
  dropped(reason: string, count: number): void {
    add(this.#dropped, label("reason", reason), count);
  }

  /** On every request's way, so that labels are written when they are read. */
  request(method: string, route: string, status: number, seconds: number): void {
    add(this.#requests, `${method} ${status} ${route}`, 1);
    let timing = this.#timings.get(route);
    if (timing === undefined) {
      timing = { counts: BUCKETS_S.map(() => 0), sum: 0, total: 0 };
      this.#timings.set(route, timing);
    }
    timing.sum += seconds;
    timing.total++;
    const first = BUCKETS_S.findIndex((bound) => seconds <= bound);
    if (first >= 0) timing.counts[first] = (timing.counts[first] ?? 0) + 1;
  }

  render(health: Health, store: StoreDescription | null): string {
    const memory = process.memoryUsage();
    const lines = [
      ...family(
        "daybook_events_total",
        "counter",
        "Events committed, by the door they came in by.",
        this.#events,
      ),
      ...family("daybook_events_rejected_total", "counter", "Events refused, by door.", this.#rejected),
      ...family(
        "daybook_ingest_dropped_total",
        "counter",
        "Foreign items that are no agent activity.",
        this.#dropped,
      ),
      ...family("daybook_http_requests_total", "counter", "Requests answered.", this.#requestLabels()),
      ...this.#histogram(),
      ...single("daybook_stream_clients", "gauge", "Open live streams.", this.streams),
      ...single("daybook_emitter_recorded_total", "counter", "Events that record() took.", health.recorded),
      ...single("daybook_emitter_queued", "gauge", "Events that are not in the store yet.", health.queued),
      ...single("daybook_emitter_queued_bytes", "gauge", "Their size.", health.queuedBytes),
      ...single(
        "daybook_emitter_adopted_total",
        "counter",
        "Events found in spools of dead processes.",
        health.adopted,
      ),
      ...single("daybook_emitter_lag_seconds", "gauge", "Age of the oldest of them.", health.lagMs / 1000),
      ...family(
        "daybook_emitter_dropped_total",
        "counter",
        "Events lost, by reason.",
        new Map(Object.entries(health.droppedBy).map(([reason, count]) => [label("reason", reason), count])),
      ),
      ...single("daybook_store_up", "gauge", "1 when the store serves.", store === null ? 0 : 1),
    ];
    if (store !== null) {
      lines.push(...single("daybook_store_events", "gauge", "Events in the store.", store.events));
      if (store.bytes !== null)
        lines.push(...single("daybook_store_bytes", "gauge", "Its size on disk.", store.bytes));
    }
    lines.push(...single("process_resident_memory_bytes", "gauge", "Resident memory.", memory.rss));
    lines.push(...single("process_uptime_seconds", "gauge", "Seconds since the start.", process.uptime()));
    return `${lines.join("\n")}\n`;
  }

  #requestLabels(): Map<string, number> {
    const labels = new Map<string, number>();
    for (const [key, count] of this.#requests) {
      const [method = "", status = "", route = ""] = key.split(" ");
      labels.set(`${label("method", method)},${label("route", route)},${label("status", status)}`, count);
    }
    return labels;
  }

  #histogram(): string[] {
    const name = "daybook_http_request_duration_seconds";
    const lines = [`# HELP ${name} Time to answer.`, `# TYPE ${name} histogram`];
    for (const [route, { counts, sum, total }] of this.#timings) {
      const at = label("route", route);
      let below = 0;
      for (const [i, bound] of BUCKETS_S.entries()) {
        below += counts[i] ?? 0;
        lines.push(`${name}_bucket{${at},le="${bound}"} ${below}`);
      }
      lines.push(
        `${name}_bucket{${at},le="+Inf"} ${total}`,
        `${name}_sum{${at}} ${sum}`,
        `${name}_count{${at}} ${total}`,
      );
    }
    return lines;
  }
}

function add(counts: Map<string, number>, key: string, count: number): void {
  if (count > 0) counts.set(key, (counts.get(key) ?? 0) + count);
}

function label(name: string, value: string): string {
  return `${name}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

function family(name: string, type: string, help: string, values: ReadonlyMap<string, number>): string[] {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
  for (const [labels, value] of values) lines.push(`${name}{${labels}} ${value}`);
  return lines;
}

function single(name: string, type: string, help: string, value: number): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`];
}
