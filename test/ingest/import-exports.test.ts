import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { THREAD_KINDS } from "../../src/cli/commands/capture/import-threads.ts";
import { eventsApiImporter } from "../../src/ingest/import/events-api.ts";
import type { Importer } from "../../src/ingest/import/importer.ts";
import { langfuseImporter } from "../../src/ingest/import/langfuse.ts";
import { timeOf } from "../../src/ingest/import/old-times.ts";
import { wireImporter } from "../../src/ingest/import/wire-lines.ts";
import { THREAD_KINDS as KINDS } from "../../src/thread/thread-event.ts";
import { line, readAll } from "./import-read.ts";

describe("other exports of Langfuse", () => {
  const at = { trace_id: "t1", start_time: "2026-05-01 10:00:00.000000" };

  it("are read with the trace inside each observation, by page, and by the columns of its own pages", () => {
    const { drafts, problems } = readAll(langfuseImporter(), [
      {
        ...at,
        id: "o1",
        type: "TOOL",
        name: "lookup",
        trace_name: "desk",
        user_id: "ada",
        session_id: "s1",
        environment: "staging",
        parent_observation_id: "",
        input: '{"q":1}',
        output: "",
        usage_details: {},
        level: "DEFAULT",
      },
      {
        data: [
          { ...at, id: "o2", type: "EVENT", name: "noted", traceName: "desk" },
          { id: "o3", type: "SPAN" },
        ],
        meta: {},
      },
      {
        ...at,
        id: "o4",
        type: "GENERATION",
        name: "chat",
        inputUsage: "10",
        outputUsage: "2",
        traceId: "t2",
        totalCost: "0.5",
      },
      { id: "s1", name: "good", traceId: "t1", dataType: "NUMERIC", value: 1 },
      { id: "t9", timestamp: "2026-05-01T10:00:00Z", observations: ["o1", "o2"] },
    ]);
    expect(drafts.map(line)).toEqual([
      "tool.execute  started  pending  lookup",
      "tool.execute  completed  ok  lookup",
      "agent.step  completed  ok",
      "llm.complete  completed  ok  10+2, 0 cached",
    ]);
    expect(drafts[0]).toMatchObject({
      agent: "desk",
      actor_id: "ada",
      conversation_id: "s1",
      environment: "staging",
    });
    expect(drafts[3]).toMatchObject({ cost_usd: "0.5" });
    expect(problems).toEqual([{ line: 2, field: "traceId", rule: "must be text" }]);
  });
});

describe("exports of the events API", () => {
  const id = "0197c1fe-ad41-7596-b871-df609670f491";
  const attributes = {
    event_type: "invoice.paid",
    resource_type: "invoice",
    resource_id: "42",
    occurred_at: "2026-05-01T10:00:00.5+02:00",
    created_at: "2026-05-01T10:00:01Z",
    severity: "INFO",
    environment: "staging",
    idempotency_key: "auto-1234abcd",
    do_not_forward: false,
    actor_type: null,
    data: { total: 1 },
  };

  it("are the same event as a page, a resource, a line and the cells of a CSV", () => {
    const cells = { ...attributes, id, do_not_forward: "false", actor_type: "", data: '{"total":1}' };
    const forms = [
      { data: [{ type: "event", id, attributes }], meta: { page_size: 1 }, links: { next: null } },
      { data: { type: "event", id, attributes } },
      { type: "event", id, attributes },
      { id, ...attributes },
      cells,
    ];
    for (const form of forms) {
      const { drafts, problems } = readAll(eventsApiImporter(), [form]);
      expect(problems).toEqual([]);
      expect(drafts).toHaveLength(1);
      expect(drafts[0]).toMatchObject({
        id,
        event_type: "invoice.paid",
        occurred_at: "2026-05-01T08:00:00.500000Z",
        environment: "staging",
        idempotency_key: "auto-1234abcd",
        do_not_forward: false,
        data: { total: 1, imported: { from: "events-api", created_at: "2026-05-01T10:00:01.000000Z" } },
      });
    }
  });

  it("keep what has no name here, the first name of a type, and two equal lines without ids apart", () => {
    const bare = {
      action: "a",
      resource_type: "b",
      resource_id: "c",
      quota: 5,
      created_at: "2026-05-01T10:00:01Z",
    };
    const { drafts } = readAll(eventsApiImporter(), [bare, bare]);
    expect(new Set(drafts.map(({ idempotency_key }) => idempotency_key)).size).toBe(2);
    expect(drafts[0]).toMatchObject({
      event_type: "a",
      severity: "INFO",
      occurred_at: "2026-05-01T10:00:01.000000Z",
      data: { imported: { attributes: { quota: 5 } } },
    });
  });

  it("name every rule that an event breaks, and pass over what is no event", () => {
    const { drafts, problems } = readAll(eventsApiImporter(), [
      { ...attributes, severity: "LOUD" },
      { ...attributes, resource_id: "" },
      { ...attributes, occurred_at: "yesterday" },
      { type: "forwarder", id: "f", attributes: { name: "siem" } },
      7,
    ]);
    expect(drafts).toEqual([]);
    expect(problems.map(({ line: number, field }) => [number, field])).toEqual([
      [1, "severity"],
      [2, "resource_id"],
      [3, "occurred_at"],
      [5, "record"],
    ]);
  });
});

describe("times of older systems", () => {
  it.each([
    ["2026-05-01T10:00:00Z", 0],
    ["2026-05-01T12:00:00+02:00", 0],
    ["2026-05-01 12:00:00+02", 0],
    ["2026-05-01 12:00:00.25 +0200", 250_000],
    ["2026-05-01 10:00:00", 0],
    ["2026-05-01T10:00:00.123456789Z", 123_456],
    [1_777_629_600, 0],
    [1_777_629_600_000, 0],
    [1_777_629_600_000_250, 250],
    [1_777_629_600_000_250_000, 250],
  ])("%s", (said, micros) => {
    expect(timeOf(said)).toBe(Date.UTC(2026, 4, 1, 10) * 1000 + micros);
  });

  it.each(["", "soon", "2026-13-01T00:00:00Z", 0, -5, null, undefined, Number.NaN])("%s is none", (said) => {
    expect(timeOf(said)).toBeUndefined();
  });
});

describe("lines of two owners", () => {
  it("are not mixed", () => {
    const { drafts, problems } = readAll(wireImporter("ndjson"), [
      { event_type: "a", tenant: "acme" },
      { event_type: "b" },
      { event_type: "c", tenant: "beta" },
    ]);
    expect(drafts.map(({ event_type }) => event_type)).toEqual(["a", "b"]);
    expect(problems).toMatchObject([{ line: 3, field: "tenant" }]);
  });
});

describe("events of threads", () => {
  it("never lose their count: what one says of its kind is taken as it is", () => {
    const names = [
      "content",
      "usage",
      "name",
      "id",
      "snapshot",
      "warning",
      "payload",
      "from",
      "to",
      "message",
      "is_error",
    ];
    const event = fc
      .tuple(fc.constantFrom(...KINDS), fc.dictionary(fc.constantFrom(...names), fc.jsonValue()))
      .map(([kind, members]) => ({
        hits: 1,
        dropped_chars: 1,
        retained_chars: 1,
        parent_event: 0,
        ...members,
        kind,
      }))
      .filter(({ kind }) => kind !== "usage_limit_exceeded")
      .map((it) => ({ ...it, timestamp: "2026-05-01T10:00:00Z" }));
    fc.assert(
      fc.property(fc.array(event, { minLength: 1 }), (events) => {
        const importer = THREAD_KINDS.threads?.importer?.(new Map()) as Importer;
        const { drafts, problems } = readAll(importer, [{ thread_id: "t", events }]);
        expect(problems).toEqual([]);
        expect(drafts.map(({ data }) => data?.event)).toEqual(events);
      }),
      { numRuns: 300 },
    );
  });
});
