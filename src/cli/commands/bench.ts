import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTrail } from "../../index.ts";
import type { Trail } from "../../trail/trail.ts";
import type { Command } from "../command.ts";
import { printTable } from "../table.ts";

const READS = 50;
const FLUSH_MS = 600_000;

/** One thing that was measured. */
interface Measured {
  readonly what: string;
  readonly figure: number;
  readonly unit: "µs" | "ms" | "events/s" | "bytes/event";
}

export const bench: Command = {
  name: "bench",
  summary:
    "What this machine can do: recording, storing, reading, sealing and verifying, in a folder that goes again.",
  examples: ["daybook bench", "daybook bench --events 500000 --json"],
  async run({ settings, out }) {
    const events = settings.count("benchEvents") ?? 0;
    const folder = mkdtempSync(join(tmpdir(), "daybook-bench-"));
    try {
      const found = await measure(join(folder, "bench.db"), events, (text) => {
        if (out.columns !== undefined) out.note(text);
      });
      if (settings.on("json")) for (const one of found) await out.json(one);
      else {
        const columns = [{ title: "" }, { title: "", align: "right" as const }, { title: "" }];
        await printTable(
          out,
          columns,
          found.map(({ what, figure, unit }) => [{ text: what }, { text: rounded(figure) }, { text: unit }]),
        );
      }
      return 0;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measure(path: string, events: number, tell: (text: string) => void): Promise<Measured[]> {
  await using trail = openTrail(path, { bufferEvents: events + 1_000, bufferBytes: 4 * 2 ** 30 });
  tell(`recording ${events} events`);
  const times: number[] = [];
  const begun = performance.now();
  for (let i = 0; i < events; i++) {
    const before = performance.now();
    recordOne(trail, i);
    times.push((performance.now() - before) * 1_000);
    // An agent does something else in between, too.
    if (i % 1_000 === 999) await new Promise((resolve) => setImmediate(resolve));
  }
  await trail.flush({ timeoutMs: FLUSH_MS });
  const stored = performance.now() - begun;
  tell("reading");
  const reads: number[] = [];
  for (let i = 0; i < READS; i++) {
    const before = performance.now();
    await trail.events.list({ filter: { agent: `agent-${i % 8}`, status: "error" }, limit: 50 });
    reads.push(performance.now() - before);
  }
  tell("sealing and verifying");
  const [sealed, verified] = [await timed(() => trail.seal()), await timed(() => trail.verify())];
  return [
    { what: "record(), median", figure: percentile(times, 50), unit: "µs" },
    { what: "record(), p99", figure: percentile(times, 99), unit: "µs" },
    { what: "recorded, redacted, spooled and stored", figure: (events * 1_000) / stored, unit: "events/s" },
    { what: "the newest 50 with two filters, p95", figure: percentile(reads, 95), unit: "ms" },
    { what: "sealed", figure: (events * 1_000) / sealed, unit: "events/s" },
    { what: "verified", figure: (events * 1_000) / verified, unit: "events/s" },
    { what: "on disk", figure: bytesOf(path) / events, unit: "bytes/event" },
  ];
}

function recordOne(trail: Trail, i: number): void {
  trail.record({
    type: "tool.execute",
    category: "tool_call",
    status: i % 17 === 0 ? "error" : "ok",
    agent: `agent-${i % 8}`,
    tool: `tool-${i % 12}`,
    runId: `run-${Math.floor(i / 100)}`,
    summary: "Looked at what changed in the orders since yesterday",
    durationMs: i % 900,
    data: {
      arguments: { path: `/srv/orders/${i}`, limit: 40 },
      result: "stock was booked again ".repeat(12),
    },
  });
}

/** The file, and what is still in its journal. */
function bytesOf(path: string): number {
  const journal = statSync(`${path}-wal`, { throwIfNoEntry: false });
  return statSync(path).size + (journal?.size ?? 0);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}

function rounded(figure: number): string {
  return figure >= 100 ? Math.round(figure).toLocaleString("en") : figure.toPrecision(3);
}
