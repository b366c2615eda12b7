import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/base/json.ts";
import { acceptDraft } from "../../src/event/accept.ts";
import { fromOpenAiTraces } from "../../src/ingest/openai-traces.ts";
import { line, sample, sumOf } from "./read.ts";

const recorded = JSON.parse(sample("openai-agents-js/000_v1_traces_ingest.json").toString("utf8"));

const span = (span_data: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  object: "trace.span",
  id: "span_1",
  trace_id: "trace_0123456789abcdef0123456789abcdef",
  parent_id: null,
  started_at: "2026-11-20T20:00:00.000Z",
  ended_at: "2026-11-20T20:00:01.500Z",
  span_data,
  error: null,
  ...more,
});

describe("a batch of the OpenAI Agents SDK", () => {
  it("becomes calls with both their halves, agents, handoffs and steps, in order of time", () => {
    const { drafts, rejected, dropped } = fromOpenAiTraces(recorded);
    expect(rejected).toEqual([]);
    expect(dropped).toEqual({ "part of another event": 1 });
    expect(drafts.filter(({ category }) => category === "tool_call").map(line)).toEqual([
      "tool.execute  started  pending  get_weather",
      "tool.execute  completed  ok  get_weather  2 ms",
      "tool.execute  started  pending  delete_account",
      expect.stringMatching(
        /^tool.execute {2}completed {2}denied {2}delete_account {2}1 ms {2}“not allowed: /,
      ),
      "tool.execute  started  pending  boom",
      expect.stringMatching(/^tool.execute {2}completed {2}error {2}boom .* “Error running tool/),
    ]);
    expect(drafts.filter(({ type }) => type === "agent.run")).toHaveLength(6);
    expect(drafts.find(({ type }) => type === "agent.handoff")).toMatchObject({
      summary: "triage → specialist",
      conversationId: "conv-7",
      actor: { type: "user", id: "alice" },
    });
    const times = drafts.map(({ occurredAt }) => occurredAt as number);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it("names parents that come after their children, and the agent around a call", () => {
    const { drafts } = fromOpenAiTraces(recorded);
    const ids = new Set(drafts.map(({ id }) => id));
    const orphans = drafts.filter(({ parentId }) => parentId !== null && !ids.has(parentId ?? ""));
    expect(orphans).toEqual([]);
    expect(drafts.find(({ tool }) => tool === "boom")).toMatchObject({
      agent: "specialist",
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it("counts tokens on generations and responses; turns and tasks only say sums", () => {
    expect(sumOf(fromOpenAiTraces(recorded).drafts, "input")).toBe(0);
    const usage = {
      input_tokens: 100,
      output_tokens: 20,
      details: { cached_tokens: 40, reasoning_tokens: 5 },
    };
    const turn = { type: "custom", name: "turn", data: { sdk_span_type: "turn", turn: 1, usage } };
    const { drafts } = fromOpenAiTraces({
      data: [
        span({ type: "generation", model: "gpt-5", usage }, { id: "span_2", parent_id: "span_1" }),
        span(turn),
      ],
    });
    expect(drafts.map(({ usage: counted }) => counted)).toEqual([
      { input: 100, output: 20, cached: 40, thinking: 5 },
      null,
    ]);
    expect(drafts[0]).toMatchObject({
      type: "llm.complete",
      model: "gpt-5",
      durationMs: 1500,
      data: { usage },
    });
    expect(drafts[1]?.data).toMatchObject({ totals: { input: 100 } });
  });

  it("knows a batch that comes again, and a trace whose record came in an earlier batch", () => {
    const [trace, ...spans] = recorded.data;
    const known = new Map<string, JsonObject>();
    fromOpenAiTraces({ data: [trace] }, {}, known);
    const again = fromOpenAiTraces({ data: spans }, {}, known).drafts;
    expect(again.map(({ id }) => id)).toEqual(fromOpenAiTraces(recorded).drafts.map(({ id }) => id));
    expect(again[0]?.conversationId).toBe("conv-7");
  });

  it("gives a span that has begun only its start, and a triggered guardrail as a refusal", () => {
    const begun = fromOpenAiTraces({ data: [span({ type: "agent", name: "a" }, { ended_at: null })] });
    expect(begun.drafts.map(line)).toEqual(["agent.run  started  pending"]);
    const guarded = fromOpenAiTraces({ data: [span({ type: "guardrail", name: "pii", triggered: true })] });
    expect(guarded.drafts).toMatchObject([{ type: "guardrail.check", status: "denied" }]);
  });

  it("names what it cannot read and keeps the rest; never throws", () => {
    const { drafts, rejected } = fromOpenAiTraces({
      data: [{ object: "trace.span", id: "span_1" }, span({ type: "custom", name: "x" }), 5],
    });
    expect(drafts).toHaveLength(1);
    expect(rejected).toEqual([
      { index: 0, reason: "trace_id must be text" },
      { index: 2, reason: "must be an object" },
    ]);
    const changed = fc
      .tuple(
        fc.constantFrom(...recorded.data),
        fc.dictionary(fc.constantFrom("span_data", "error", "id"), fc.jsonValue()),
      )
      .map(([item, change]) => ({ ...item, ...change }));
    fc.assert(
      fc.property(
        fc.oneof(fc.jsonValue(), fc.record({ data: fc.array(fc.oneof(changed, fc.jsonValue())) })),
        (body) => {
          for (const draft of fromOpenAiTraces(body).drafts)
            expect(acceptDraft(draft, {}).event_type).not.toBe("");
        },
      ),
      { numRuns: 500 },
    );
  });
});
