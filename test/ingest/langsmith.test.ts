import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { acceptDraft } from "../../src/event/accept.ts";
import { batchOfParts, type RunFields } from "../../src/ingest/langsmith/multipart.ts";
import { fromLangSmith } from "../../src/ingest/langsmith/runs.ts";
import { line, sample, sumOf } from "./read.ts";

type Nested = RunFields & { child_runs?: Nested[] };
const flat = ({ child_runs: children = [], ...run }: Nested): RunFields[] => [run, ...children.flatMap(flat)];
/** What LangChain's tracer holds after a run of an agent: LangSmith's client sends these runs. */
const recorded = (JSON.parse(sample("langchain-js/tracer-runs.json").toString("utf8")) as Nested[]).flatMap(
  flat,
);

const ID = "01a1fab8-ad41-7596-b871-df609670f491";
const run = (more: RunFields): RunFields => ({
  id: ID,
  trace_id: "01a1fab8-ad10-7051-8c86-60b74e317481",
  start_time: 1_795_207_769_409,
  ...more,
});

describe("LangSmith runs", () => {
  it("become calls with both halves, model calls with tokens once, and the agent's own run", () => {
    const { drafts, rejected, dropped } = fromLangSmith({ post: recorded, patch: [] });
    expect(rejected).toEqual([]);
    expect(Object.values(dropped)).toEqual([1]);
    expect(drafts.filter(({ category }) => category === "tool_call").map(line)).toEqual([
      "tool.execute  started  pending  get_weather  c1",
      "tool.execute  completed  ok  get_weather  c1  2 ms",
      "tool.execute  started  pending  boom",
      "tool.execute  completed  error  boom  6 ms  “disk full”",
    ]);
    expect(drafts.filter(({ type }) => type === "agent.run").map(({ phase }) => phase)).toEqual([
      "started",
      "completed",
    ]);
    expect(drafts.filter(({ type }) => type === "llm.complete")).toHaveLength(3);
    expect([sumOf(drafts, "input"), sumOf(drafts, "output")]).toEqual([40, 12]);
    expect(drafts.find(({ tool }) => tool === "boom")).toMatchObject({
      threadId: "t-1",
      conversationId: "t-1",
      actor: { type: "user", id: "alice" },
    });
  });

  it("join a start and its end, in whatever request, and know both when they come again", () => {
    const start = run({ name: "search", run_type: "tool", inputs: { input: '{"q":"x"}' } });
    const end = { ...start, end_time: 1_795_207_769_411, outputs: { output: "found" } };
    const [begun] = fromLangSmith({ post: [start], patch: [] }).drafts;
    expect(begun).toMatchObject({ phase: "started", data: { arguments: { q: "x" } } });
    const [again, ended] = fromLangSmith({ post: [], patch: [end] }).drafts;
    expect(again?.id).toBe(begun?.id);
    expect(ended).toMatchObject({ phase: "completed", startId: begun?.id, data: { result: "found" } });
    const both = fromLangSmith({
      post: [start],
      patch: [{ id: ID, end_time: end.end_time, outputs: end.outputs }],
    });
    expect(both.drafts.find(({ phase }) => phase === "completed")?.id).toBe(ended?.id);
  });

  it("read an end that says no kind by what is known of its beginning", () => {
    const known = (id: string) => (id === ID ? { name: "search", run_type: "tool" } : undefined);
    const end = { id: ID, end_time: "2026-11-20T20:49:29.411", outputs: { output: "found" } };
    expect(fromLangSmith({ post: [], patch: [end] }, {}, known).drafts.map(line)).toEqual([
      "tool.execute  started  pending  search",
      "tool.execute  completed  ok  search",
    ]);
  });

  it("find the tokens wherever a framework puts them, the cache read once", () => {
    const usages = [
      {
        outputs: {
          usage_metadata: { input_tokens: 10, output_tokens: 5, input_token_details: { cache_read: 4 } },
        },
      },
      { outputs: { llm_output: { token_usage: { prompt_tokens: 10, completion_tokens: 5 } } } },
      { extra: { metadata: { usage_metadata: { input_tokens: 10, output_tokens: 5 } } }, outputs: { a: 1 } },
    ];
    for (const usage of usages) {
      const [model] = fromLangSmith({
        post: [run({ run_type: "llm", name: "m", ...usage })],
        patch: [],
      }).drafts;
      expect(model?.usage).toMatchObject({ input: 10, output: 5 });
    }
  });

  it("come as parts of a form too, each field by itself", () => {
    const { post, patch, bad } = batchOfParts([
      [`post.${ID}`, JSON.stringify({ id: ID, name: "n", run_type: "tool" })],
      [`post.${ID}.inputs`, '{"a":1}'],
      [`patch.${ID}`, '{"end_time":1}'],
      [`patch.${ID}.outputs`, '{"b":2}'],
      [`feedback.${ID}`, "{}"],
      [`post.${ID}.extra`, "{"],
    ]);
    expect(post).toEqual([{ id: ID, name: "n", run_type: "tool", inputs: { a: 1 } }]);
    expect(patch).toEqual([{ id: ID, end_time: 1, outputs: { b: 2 } }]);
    expect(bad).toEqual([`post.${ID}.extra`]);
  });

  it("are named where they cannot be read, and never make it throw", () => {
    expect(fromLangSmith({ post: [{ id: "x" }], patch: [] }).rejected).toEqual([
      { index: 0, reason: "id must be a UUID" },
    ]);
    const changed = fc
      .tuple(
        fc.constantFrom(...recorded),
        fc.dictionary(
          fc.constantFrom("run_type", "outputs", "inputs", "extra", "error", "end_time"),
          fc.jsonValue(),
        ),
      )
      .map(([item, change]) => ({ ...item, ...change }));
    fc.assert(
      fc.property(fc.array(changed), fc.array(fc.dictionary(fc.string(), fc.jsonValue())), (post, patch) => {
        for (const draft of fromLangSmith({ post, patch }).drafts)
          expect(acceptDraft(draft, {}).event_type).not.toBe("");
      }),
      { numRuns: 300 },
    );
  });
});
