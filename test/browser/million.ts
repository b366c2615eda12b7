import { formatMicros } from "../../src/base/clock.ts";
import { uuidv7 } from "../../src/base/uuid.ts";
import type { Trail } from "../../src/index.ts";

const CHUNK = 5_000;
const TOOLS = ["fs.read", "fs.write", "net.get", "sql.query", "mail.send"];
const SPAN_MICROS = 30 * 86_400_000_000;

/**
 * Fills a trail with events of the last thirty days, straight into its store. Every thousandth is denied;
 * what any of them is follows from its number.
 */
export async function fillMany(trail: Trail, events: number): Promise<void> {
  const store = await trail.store();
  const from = Date.now() * 1_000 - SPAN_MICROS;
  for (let at = 0; at < events; at += CHUNK) {
    const lines = Array.from({ length: Math.min(CHUNK, events - at) }, (_, i) =>
      JSON.stringify({
        id: uuidv7(),
        tenant: "default",
        environment: "production",
        severity: "INFO",
        occurred_at: formatMicros(from + Math.floor(((at + i) * SPAN_MICROS) / events)),
        event_type: "tool.execute",
        category: "tool_call",
        tool: TOOLS[(at + i) % TOOLS.length],
        agent: `agent-${(at + i) % 7}`,
        status: (at + i) % 1_000 === 0 ? "denied" : (at + i) % 50 === 0 ? "error" : "ok",
        run_id: `run-${Math.floor((at + i) / 400)}`,
        duration_ms: (at + i) % 900,
        description: `Call number ${at + i}`,
      }),
    );
    await store.append(lines);
  }
}
