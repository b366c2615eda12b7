import { describe, expect, it } from "vitest";
import { traces } from "./write.ts";

describe("Claude Code's spans", () => {
  const SCOPE = "com.anthropic.claude_code.tracing";
  const REQUEST = {
    "span.type": "llm_request",
    "session.id": "s1",
    "gen_ai.operation.name": "chat",
    model: "claude-opus-5-5",
    request_id: "req_1",
    input_tokens: 40,
    output_tokens: 20,
    cache_read_tokens: 100,
    cache_creation_tokens: 20,
  };
  const TOOL = {
    "span.type": "tool",
    "session.id": "s1",
    "gen_ai.operation.name": "execute_tool",
    tool_name: "Bash",
    tool_use_id: "toolu_1",
  };
  const WAIT = {
    "span.type": "tool.blocked_on_user",
    "session.id": "s1",
    decision: "accept",
    source: "config",
  };
  const CONVENTIONS = {
    "gen_ai.usage.input_tokens": 160,
    "gen_ai.usage.output_tokens": 20,
    "gen_ai.usage.cache_read.input_tokens": 100,
    "gen_ai.usage.cache_write.input_tokens": 20,
  };

  it.each([
    ["its own names", {}],
    ["both, since 2.1.332", CONVENTIONS],
  ])("count what went through the cache once, told by %s", async (_, more) => {
    const { drafts } = await traces("claude-code", SCOPE, [
      { id: "1", name: "claude_code.llm_request", is: { ...REQUEST, ...more } },
    ]);
    expect(drafts[0]?.usage).toEqual({ input: 160, output: 20, cached: 100 });
  });

  it("have what a sub-agent does in the sub-agent's run", async () => {
    const { drafts } = await traces("claude-code", SCOPE, [
      { id: "1", name: "claude_code.llm_request", is: REQUEST },
      { id: "2", name: "claude_code.tool", is: { ...TOOL, agent_id: "a46723" } },
      { id: "3", parent: "2", name: "claude_code.tool.blocked_on_user", is: WAIT },
    ]);
    const outer = drafts[0]?.traceId;
    expect(drafts.map(({ type, runId }) => `${type} ${runId === outer ? "outer" : runId}`).sort()).toEqual([
      "approval.decide a46723",
      "llm.complete outer",
      "tool.execute a46723",
      "tool.execute a46723",
    ]);
  });
});
