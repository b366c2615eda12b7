import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../src/event/event.ts";
import { openTrail, type Trail } from "../../src/index.ts";
import { daybook } from "../cli/daybook.ts";
import { fakeModel, USAGE } from "./model.ts";
import { callNamed, claude, documented, ENDS, endsOf, serve, WORK, workplace } from "./program.ts";

/** What docs/capture.md exports, both rows, and metrics besides. */
const telemetry = (url: string, protocol: string): Record<string, string> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
  CLAUDE_CODE_ENABLE_TELEMETRY: "1",
  OTEL_LOGS_EXPORTER: "otlp",
  OTEL_LOG_TOOL_DETAILS: "1",
  OTEL_LOG_USER_PROMPTS: "1",
  CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: "1",
  OTEL_TRACES_EXPORTER: "otlp",
  OTEL_LOG_TOOL_CONTENT: "1",
  OTEL_METRICS_EXPORTER: "otlp",
});

async function eventsOf(trail: Trail): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  for await (const event of trail.events.export()) events.push(event);
  return events;
}

const REQUESTS = Object.values(WORK).flat().length;
const INPUT = USAGE.input_tokens + USAGE.cache_creation_input_tokens + USAGE.cache_read_input_tokens;
const TOKENS = {
  requests: REQUESTS,
  input: REQUESTS * INPUT,
  cached: REQUESTS * USAGE.cache_read_input_tokens,
  output: REQUESTS * USAGE.output_tokens,
};

/** What the events of one observer say that models read and wrote. */
function tokensOf(events: readonly AuditEvent[], source: string): typeof TOKENS {
  const told = events.filter((event) => event.source === source && event.usage !== null);
  const sum = (key: "input" | "cached" | "output") =>
    told.reduce((total, { usage }) => total + (usage?.[key] ?? 0), 0);
  return { requests: told.length, input: sum("input"), cached: sum("cached"), output: sum("output") };
}

describe.each(["http/json", "http/protobuf"])("a session of Claude Code with telemetry as %s", (protocol) => {
  it("is told by hooks, telemetry and transcript: each call is one, and each token counts once", async () => {
    await using model = await fakeModel(WORK);
    const place = workplace(model.url);
    const url = await serve(place.home);
    place.settings(documented(url).http ?? {});
    const { result } = await claude(place, "Do the work", telemetry(url, protocol));
    const transcripts = join(place.home, "config/projects");
    const imported = await daybook(place.home, ["import", transcripts, "--from", "claude", "--db", url]);
    expect(imported.stdout).toMatch(
      /^\d+ events imported, 0 known already, \d+ lines without activity, 0 refused/,
    );

    await using trail = openTrail(url);
    const events = await eventsOf(trail);
    const { coverage, calls } = await trail.tools.reconcile();
    expect(coverage).toMatchObject({ calls: ENDS.size, joined: ENDS.size, share: 1, differs: 0, only: {} });
    for (const { callId, sides } of calls) {
      const status = ENDS.get(callId ?? "");
      expect(sides.map((side) => [side.observer, side.status])).toEqual(
        ["hook", "otlp", "transcript"].map((observer) => [observer, status]),
      );
    }
    for (const source of ["hook", "otlp", "transcript"])
      expect(endsOf(events.filter((event) => event.source === source))).toEqual(ENDS);
    expect(new Set(events.map(({ conversationId }) => conversationId))).toEqual(new Set([result.session_id]));
    expect(events.filter(({ type }) => /^(?:hook|log)\./.test(type))).toEqual([]);
    const inner = events.filter(({ callId }) => callId === callNamed("inner"));
    expect(new Set(inner.map(({ runId }) => runId)).size).toBe(1);

    expect(tokensOf(events, "otlp")).toEqual(TOKENS);
    expect(tokensOf(events, "transcript")).toEqual(TOKENS);
    const { total } = await trail.insights.cost();
    expect(total).toMatchObject({
      requests: TOKENS.requests,
      inputTokens: TOKENS.input,
      cachedTokens: TOKENS.cached,
      outputTokens: TOKENS.output,
    });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/daybook_ingest_dropped_total\{reason="a metric is no event"\} [1-9]/);
    expect(metrics).not.toContain('reason="not agent activity"');
  });
});
