import { describe, expect, it } from "vitest";
import { isObject } from "../../src/base/json.ts";
import type { EventDraft } from "../../src/event/event.ts";
import { createMcpMapper } from "../../src/ingest/mcp/mapper.ts";
import type { McpSide } from "../../src/ingest/mcp/message.ts";
import { golden, line, ofType, sample } from "./read.ts";

/** A recorded stdio connection, as events. */
function stdio(): EventDraft[] {
  const connection = createMcpMapper().connect({ session: "s1" });
  const rows = sample("mcp/stdio-2025-11-25.ndjson").toString("utf8").trimEnd().split("\n");
  return rows.flatMap((row) => {
    const { ts, dir, msg } = JSON.parse(row);
    return connection.message(dir.startsWith("client") ? "client" : "server", msg, Date.parse(ts) * 1_000);
  });
}

interface Recorded {
  readonly method: string;
  readonly body: string;
}

/** Recorded exchanges over HTTP, each a connection of its own, as between programs without sessions. */
function http(): EventDraft[] {
  const mapper = createMcpMapper();
  const exchanges = JSON.parse(sample("mcp/streamable-http-2026-07-28-and-legacy.json").toString("utf8"));
  return exchanges.flatMap(({ request, response }: Record<string, Recorded>, at: number) => {
    const connection = mapper.connect();
    if (request?.method === "GET") return [];
    const said = (from: McpSide, body: string | undefined) => {
      const text = body?.replace(/^event: message\ndata: /, "").trim();
      return text ? connection.message(from, JSON.parse(text), 1e15 + at * 1e6) : [];
    };
    return [...said("client", request?.body), ...said("server", response?.body)];
  });
}

const RECORDINGS: Record<string, () => EventDraft[]> = { "mcp-stdio": stdio, "mcp-http": http };
const named = (event: EventDraft): string =>
  [event.origin, "→", event.destination, line(event)].filter((part) => part !== null).join(" ");

describe.each(Object.keys(RECORDINGS))("the recording %s", (name) => {
  const read = RECORDINGS[name] as () => EventDraft[];

  it("becomes the events that its golden file lists", () => {
    expect(read().map(named)).toEqual(golden(name));
  });

  it("joins each answer to its request", () => {
    const events = read();
    const started = new Map(
      events.filter(({ phase }) => phase === "started").map((event) => [event.id, event]),
    );
    const completed = events.filter(({ phase }) => phase === "completed");
    expect(completed.length).toBe(started.size);
    expect(new Set(completed.map(({ startId }) => startId)).size).toBe(completed.length);
    for (const end of completed) {
      const start = started.get(end.startId);
      expect(start).toMatchObject({ status: "pending" });
      expect(start?.tool).toBe(end.tool);
      expect(isObject(start?.data) && Object.keys(start.data)).toContain("jsonrpc_id");
    }
  });

  it("says the trace in which a call was made, on both of its events", () => {
    const traced = read().filter(({ traceId }) => traceId === "0af7651916cd43dd8448eb211c80319c");
    expect(traced.length).toBeGreaterThanOrEqual(2);
    for (const event of traced) expect(event.spanId).toBe("00f067aa0ba902b7");
    expect(new Set(traced.map(({ phase }) => phase))).toContain("completed");
  });

  it("knows the definition by which a tool was called", () => {
    const defined = ofType(read(), "tool.defined").find(({ tool }) => tool === "read_file");
    const calls = ofType(read(), "tool.execute").filter(
      ({ tool, phase }) => tool === "read_file" && phase === "started",
    );
    const digest = isObject(defined?.data) ? defined.data.definition_digest : undefined;
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(calls.length).toBeGreaterThan(0);
    for (const { data } of calls) expect(data).toHaveProperty("definition_digest", digest);
  });

  it("tells a tool that is not there the same way in both generations", () => {
    const [unknown] = ofType(read(), "tool.execute").filter(
      ({ tool, phase }) => tool === "nope" && phase === "completed",
    );
    expect(unknown).toMatchObject({ status: "error", data: { error_code: -32602 } });
    expect(unknown?.error).toContain("Tool nope not found");
  });
});
