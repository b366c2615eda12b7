import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditEvent } from "../../src/index.ts";
import { openServer, type TestServer } from "./server.ts";

const SAMPLES = join(import.meta.dirname, "../samples");
const CASES = Number(process.env.DAYBOOK_FUZZ_CASES ?? 300);

let server: TestServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server.close());

/** Sends a folder of recorded requests, as they were sent, to a tenant of their own. */
async function replay(folder: string, tenant: string): Promise<AuditEvent[]> {
  for (const file of readdirSync(join(SAMPLES, folder)).sort()) {
    const signal = /_v1_(traces|logs|metrics)\.(json|pb)$/.exec(file);
    if (signal === null || file.includes("expected")) continue;
    const isProtobuf = signal[2] === "pb";
    const body = readFileSync(join(SAMPLES, folder, file));
    const type = isProtobuf ? "application/x-protobuf" : "application/json";
    const headers = {
      "Content-Type": type,
      "X-Daybook-Tenant": tenant,
      ...(isProtobuf ? { "Content-Encoding": "gzip" } : {}),
    };
    const answer = await server.post(
      `/v1/${signal[1]}`,
      new Uint8Array(isProtobuf ? gzipSync(body) : body),
      headers,
    );
    expect([file, answer.status, answer.headers.get("content-type")]).toEqual([
      file,
      200,
      expect.stringContaining(type),
    ]);
    expect(answer.text).toBe(isProtobuf ? "" : "{}");
  }
  return all(tenant);
}

async function all(tenant: string): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  for await (const event of server.trail.events.export({ tenant })) events.push(event);
  return events;
}

/** Each call by its id: how it ended, and that its start is there. */
function calls(events: readonly AuditEvent[]): Record<string, string> {
  const byId = new Map(events.map((event) => [event.id, event]));
  const found: Record<string, string> = {};
  for (const event of events) {
    if (event.category !== "tool_call" || event.phase !== "completed") continue;
    const started = byId.get(event.startId ?? "");
    expect(started).toMatchObject({
      phase: "started",
      status: "pending",
      tool: event.tool,
      callId: event.callId,
    });
    expect(found).not.toHaveProperty(event.callId ?? "");
    found[event.callId ?? ""] = `${event.tool} ${event.status}`;
  }
  return found;
}

function tokens(events: readonly AuditEvent[]): {
  requests: number;
  input: number;
  output: number;
  cached: number;
} {
  const sum = { requests: 0, input: 0, output: 0, cached: 0 };
  for (const { usage } of events) {
    if (usage === null) continue;
    sum.requests++;
    sum.input += usage.input ?? 0;
    sum.output += usage.output ?? 0;
    sum.cached += usage.cached ?? 0;
  }
  return sum;
}

const CLAUDE_CALLS = {
  toolu_01: "Read ok",
  toolu_02: "Bash ok",
  toolu_03: "Bash error",
  toolu_04: "Write ok",
  toolu_05: "mcp__demo__lookup ok",
  toolu_06: "Bash denied",
  toolu_07: "Agent ok",
};

describe("OTLP over HTTP", () => {
  it.each(["claude-code/otlp", "claude-code-proto/otlp"])(
    "turns %s into the calls that were made, tokens counted once",
    async (folder) => {
      const events = await replay(folder, folder.replace("/", "-"));
      const made = calls(events);
      expect(made).toEqual(CLAUDE_CALLS);
      // Nine requests; each read 101…109 + 50 cached + 5 written to the cache, and wrote 20.
      expect(tokens(events)).toEqual({ requests: 9, input: 945 + 9 * 55, output: 180, cached: 450 });
      const denied = events.find((event) => event.status === "denied" && event.category === "tool_call");
      expect(denied?.error).toContain("denied (reject) by hook");
      const before = await server.trail.events.head({ tenant: folder.replace("/", "-") });
      await replay(folder, folder.replace("/", "-"));
      expect(await server.trail.events.head({ tenant: folder.replace("/", "-") })).toBe(before);
    },
  );

  it("reads the AI SDK: two calls, one failed, totals of the run not counted again", async () => {
    const events = await replay("vercel-ai-6", "ai");
    expect(calls(events)).toEqual({ "call-1": "weather ok", "call-2": "rm error" });
    expect(tokens(events)).toMatchObject({ requests: 2, input: 20, output: 10 });
    expect(events.find((event) => event.callId === "call-2" && event.phase === "completed")).toMatchObject({
      error: "permission denied",
      data: { arguments: { path: "/" } },
      actor: { type: "user", id: "alice" },
      conversationId: "sess-1",
      agent: "weather-agent",
    });
  });

  it.each(["otel-sdk-2x/json", "otel-sdk-2x/proto"])("reads the conventions: %s", async (folder) => {
    const events = await replay(folder, folder.replaceAll("/", "-"));
    expect(calls(events)).toEqual({ call_1: "delete_file denied" });
    expect(tokens(events)).toMatchObject({ requests: 1, input: 12, output: 7 });
    const run = events.find((event) => event.type === "agent.run" && event.phase === "completed");
    expect(run).toMatchObject({
      agent: "planner",
      conversationId: "conv_42",
      environment: "test",
      app: "demo-agent",
    });
  });

  it("drops and counts what is no agent's work", async () => {
    const span = {
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      name: "GET /health",
      attributes: [{ key: "http.method", value: { stringValue: "GET" } }],
    };
    const { status, text } = await server.post(
      "/v1/traces",
      { resourceSpans: [{ scopeSpans: [{ spans: [span, { ...span, spanId: "xyz" }] }] }] },
      { "Content-Type": "application/json" },
    );
    expect([status, JSON.parse(text)]).toEqual([
      200,
      { partialSuccess: { rejectedSpans: "1", errorMessage: expect.any(String) } },
    ]);
    expect((await server.request("/metrics")).text).toContain(
      'daybook_ingest_dropped_total{reason="not agent activity"} 1',
    );
  });

  it("refuses what is no OTLP", async () => {
    const json = { "Content-Type": "application/json" };
    expect((await server.post("/v1/traces", "{", json)).json.errors[0]?.code).toBe("request.malformed");
    expect((await server.post("/v1/logs", "[]", json)).status).toBe(400);
    expect(
      (
        await server.post("/v1/traces", new Uint8Array([255, 255, 255]), {
          "Content-Type": "application/x-protobuf",
        })
      ).status,
    ).toBe(400);
  });
});

describe("hooks over HTTP", () => {
  it("turns the recorded hooks into the calls that were made, once, however often they come", async () => {
    const folder = join(SAMPLES, "claude-code/http-hooks");
    for (let round = 0; round < 2; round++) {
      for (const file of readdirSync(folder).sort()) {
        if (file.startsWith("_")) continue;
        const answer = await server.post(
          "/api/v1/hooks/claude-code",
          readFileSync(join(folder, file), "utf8"),
          { "X-Daybook-Tenant": "hooks" },
        );
        expect([answer.status, answer.text]).toEqual([200, "{}"]);
      }
    }
    await server.trail.flush();
    const events = await all("hooks");
    expect(calls(events)).toEqual(CLAUDE_CALLS);
    const types = events.map((event) => event.type);
    expect(types.filter((type) => type === "session.prompt")).toHaveLength(2);
    expect(events.filter((event) => event.type === "agent.run").map((event) => event.phase)).toEqual([
      "started",
      "completed",
    ]);
    expect(events.find((event) => event.status === "denied")?.error).toContain("policy: no rm");
  });

  it("answers {} to any JSON, and 400 to what is none", async () => {
    for (const body of ["{}", "[]", "7", "null", '{"hook_event_name":"SomethingNew","x":1}']) {
      expect((await server.post("/api/v1/hooks/whatever", body)).text).toBe("{}");
    }
    expect((await server.post("/hooks/claude-code", "nope")).status).toBe(400);
    await server.trail.flush();
    expect((await server.trail.events.list({ filter: { type: "hook.something_new" } })).events).toHaveLength(
      1,
    );
  });
});

describe("hostile input", () => {
  const endpoints = [
    "/api/v1/events",
    "/api/v1/events/bulk",
    "/v1/traces",
    "/v1/logs",
    "/v1/metrics",
    "/v1/traces/ingest",
    "/langsmith/runs/batch",
  ];
  it.each(endpoints)(
    `never gives a 500 at %s, and stores nothing that is broken`,
    { timeout: 120_000 },
    async (path) => {
      const event = fc.record(
        {
          event_type: fc.anything(),
          resource_type: fc.anything(),
          resource_id: fc.anything(),
          data: fc.anything(),
          id: fc.anything(),
          occurred_at: fc.anything(),
          usage: fc.anything(),
          nonsense: fc.anything(),
        },
        { requiredKeys: ["nonsense"] },
      );
      const body = fc.oneof(
        fc.string(),
        fc.json(),
        event.map((one) => stringify({ data: { attributes: one } })),
        event.map((one) => stringify(one)),
        fc
          .array(fc.anything(), { maxLength: 5 })
          .map((values) => stringify({ resourceSpans: values, resourceLogs: values, data: values })),
      );
      const type = fc.constantFrom(
        "application/json",
        "application/vnd.api+json",
        "application/x-protobuf",
        "text/plain",
        "",
      );
      const before = await server.trail.events.head();
      await fc.assert(
        fc.asyncProperty(body, type, async (text, contentType) => {
          const answer = await server.post(
            path,
            text,
            contentType === "" ? {} : { "Content-Type": contentType },
          );
          expect(answer.status).toBeLessThan(500);
          if (answer.status >= 400) expect(answer.json.errors.length).toBeGreaterThan(0);
        }),
        { numRuns: CASES },
      );
      expect(await server.trail.events.head()).toBe(before);
      expect(server.log).toEqual([]);
    },
  );

  it("never gives a 500 for any query", { timeout: 120_000 }, async () => {
    const key = fc.constantFrom(
      "filter[status]",
      "filter[seq]",
      "filter[occurred_at]",
      "filter[text]",
      "page[size]",
      "page[after]",
      "sort",
      "format",
      "filter[",
      "x",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(key, fc.string({ unit: "binary" })), { maxLength: 4 }),
        async (pairs) => {
          const params = pairs
            .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value.toWellFormed())}`)
            .join("&");
          const answer = await server.request(`/api/v1/events?${params}`);
          expect([200, 400]).toContain(answer.status);
        },
      ),
      { numRuns: CASES },
    );
  });
});

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch {
    // BigInt and cycles have no JSON; another case will do.
    return "{}";
  }
}
