import {
  Agent,
  BatchTraceProcessor,
  type Model,
  type ModelResponse,
  OpenAITracingExporter,
  Runner,
  setTraceProcessors,
  setTracingDisabled,
  tool,
  Usage,
} from "@openai/agents";
import { Client } from "langsmith";
import { RunTree } from "langsmith/run_trees";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/http/app.ts";
import type { AuditEvent } from "../../src/index.ts";
import { openServer, type TestServer } from "./server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server.close());

const SECRET = "sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUV";

async function eventsOf(agent: string): Promise<AuditEvent[]> {
  const { events } = await server.trail.events.list({ filter: { origin: agent }, direction: "asc" });
  return events;
}

const calls = (events: readonly AuditEvent[]) => events.filter(({ category }) => category === "tool_call");

describe("LangSmith's own client", () => {
  /** A chain that calls a tool which works, a model, and a tool that fails. */
  async function trace(client: Client): Promise<void> {
    const root = new RunTree({ name: "support", run_type: "chain", client, inputs: { question: "hi" } });
    await root.postRun();
    const lookup = root.createChild({ name: "lookup", run_type: "tool", inputs: { q: "acme", key: SECRET } });
    await lookup.postRun();
    await lookup.end({ output: "found" });
    await lookup.patchRun();
    const model = root.createChild({ name: "Chat", run_type: "llm", inputs: { messages: [] } });
    await model.postRun();
    await model.end({ usage_metadata: { input_tokens: 12, output_tokens: 3 } });
    await model.patchRun();
    const failing = root.createChild({ name: "boom", run_type: "tool", inputs: {} });
    await failing.postRun();
    await failing.end(undefined, "disk full");
    await failing.patchRun();
    await root.end({ answer: "ho" });
    await root.patchRun();
    await client.awaitPendingTraceBatches();
  }

  it.each([
    ["in parts of a form", { autoBatchTracing: true }],
    ["one run a request", { autoBatchTracing: false }],
  ])("sends its runs %s, and each call is one", async (_, options) => {
    const before = (await eventsOf("langsmith")).length;
    await trace(new Client({ apiUrl: `${server.url}/langsmith`, apiKey: "x", ...options }));
    const events = (await eventsOf("langsmith")).slice(before);
    expect(
      calls(events)
        .map(({ tool: name, phase, status, error }) => [name, phase, status, error])
        .sort(),
    ).toEqual([
      ["boom", "completed", "error", "disk full"],
      ["boom", "started", "pending", null],
      ["lookup", "completed", "ok", null],
      ["lookup", "started", "pending", null],
    ]);
    const ends = calls(events).filter(({ phase }) => phase === "completed");
    for (const { startId, parentId, runId } of ends) {
      expect(events.find(({ id }) => id === startId)).toMatchObject({ phase: "started", runId });
      expect(events.find(({ id }) => id === parentId)).toMatchObject({ type: "agent.run" });
    }
    expect(events.find(({ type }) => type === "llm.complete")?.usage).toEqual({ input: 12, output: 3 });
    expect(JSON.stringify(events)).not.toContain(SECRET);
  });

  it("is refused with the field's name, and finds nothing that is not there", async () => {
    const bad = await server.post("/langsmith/runs/batch", { post: "x" });
    expect([bad.status, bad.json.error]).toEqual([400, expect.stringContaining("post must be a list")]);
    expect((await server.post("/langsmith/runs", { id: "x" })).status).toBe(400);
    expect((await server.request("/langsmith/sessions")).status).toBe(404);
    expect((await server.post("/langsmith/runs/multipart", "x")).status).toBe(400);
  });

  it("is joined with a start that another server took, by the event of it", async () => {
    const id = "01a1fab8-ad41-7596-b871-df609670f492";
    await server.post("/api/v1/langsmith/runs", { id, name: "search", run_type: "tool", start_time: 1.7e12 });
    const again = createApp({ trail: server.trail });
    const answer = await again.fetch(
      new Request(`http://x/langsmith/runs/${id}`, {
        method: "PATCH",
        body: JSON.stringify({ end_time: 1.7e12 + 5, outputs: { output: 1 } }),
      }),
    );
    again.stop();
    expect(answer.status).toBe(202);
    const found = calls(await eventsOf("langsmith")).filter(({ tool: name }) => name === "search");
    expect(found.map(({ phase, durationMs }) => [phase, durationMs])).toEqual([
      ["started", null],
      ["completed", 5],
    ]);
    expect(found[1]?.startId).toBe(found[0]?.id);
  });
});

describe("the OpenAI Agents SDK's own exporter", () => {
  /** Calls the tool once, then answers. */
  class Scripted implements Model {
    #asked = 0;

    async getResponse(): Promise<ModelResponse> {
      const usage = new Usage({ requests: 1, inputTokens: 10, outputTokens: 5, totalTokens: 15 });
      const isFirst = this.#asked++ === 0;
      return {
        usage,
        responseId: `resp_${this.#asked}`,
        output: isFirst
          ? [
              {
                type: "function_call",
                callId: "c1",
                name: "lookup",
                arguments: `{"q":"${SECRET}"}`,
                status: "completed",
              },
            ]
          : [
              {
                type: "message",
                role: "assistant",
                status: "completed",
                content: [{ type: "output_text", text: "done" }],
              },
            ],
      };
    }

    async *getStreamedResponse(): AsyncIterable<never> {
      yield* [];
    }
  }

  it("sends a real run, and its call is one, redacted", async () => {
    const exporter = new OpenAITracingExporter({ endpoint: `${server.url}/v1/traces/ingest`, apiKey: "x" });
    const processor = new BatchTraceProcessor(exporter);
    setTracingDisabled(false);
    setTraceProcessors([processor]);
    const lookup = tool({
      name: "lookup",
      description: "Looks something up.",
      parameters: {
        type: "object",
        properties: { q: { type: "string" } },
        required: ["q"],
        additionalProperties: false,
      },
      strict: true,
      execute: async () => "found",
    });
    const agent = new Agent({
      name: "support",
      instructions: "Help.",
      tools: [lookup],
      model: new Scripted(),
    });
    const runner = new Runner({ workflowName: "desk", groupId: "conv-9", tracingDisabled: false });
    expect((await runner.run(agent, "hi")).finalOutput).toBe("done");
    await processor.forceFlush();
    const events = await eventsOf("openai-agents");
    expect(calls(events).map(({ tool: name, phase, status }) => [name, phase, status])).toEqual([
      ["lookup", "started", "pending"],
      ["lookup", "completed", "ok"],
    ]);
    expect(calls(events)[1]).toMatchObject({
      startId: calls(events)[0]?.id,
      agent: "support",
      app: "desk",
      conversationId: "conv-9",
      data: { result: "found" },
    });
    expect(JSON.stringify(events)).not.toContain(SECRET);
    await processor.shutdown();
  });
});
