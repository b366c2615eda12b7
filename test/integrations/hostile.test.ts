import { tracingChannel } from "node:diagnostics_channel";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { observeAiSdk, recordAiSdk } from "../../src/integrations/ai-sdk/index.ts";
import { recordClaudeAgent } from "../../src/integrations/claude-agent/index.ts";
import { recordLangChain } from "../../src/integrations/langchain/index.ts";
import { recordMastra } from "../../src/integrations/mastra/index.ts";
import { recordTransport } from "../../src/integrations/mcp/index.ts";
import { recordOpenAiAgents } from "../../src/integrations/openai-agents/index.ts";
import { recordLogs, recordSpans } from "../../src/integrations/otel/index.ts";
import type { Target } from "../../src/integrations/recorder.ts";
import { memoryTrail } from "./told.ts";

/** Keys that the adapters look for, so that what is made up gets past the first look. */
const KEYS = [
  ...["callId", "toolCall", "toolName", "toolCallId", "messages", "content", "type", "metadata", "response"],
  ...[
    "usage",
    "id",
    "role",
    "trace_id",
    "span_data",
    "object",
    "attributes",
    "spanContext",
    "method",
    "params",
  ],
  ...[
    "result",
    "jsonrpc",
    "hook_event_name",
    "session_id",
    "tool_name",
    "tool_use_id",
    "parentSpanId",
    "interrupts",
  ],
  ...[
    "generations",
    "message",
    "error",
    "errorInfo",
    "input",
    "output",
    "name",
    "startTime",
    "resource",
    "modelUsage",
  ],
];
const TYPES = ["tool-approval-request", "tool-approval-response", "tool-result", "tool-error", "tool-call"];
const WORDS = [
  ...TYPES,
  "function",
  "agent",
  "trace",
  "trace.span",
  "tool_call",
  "agent_run",
  "result",
  "c1",
  "PreToolUse",
];

const { payload } = fc.letrec<{ payload: unknown }>((tie) => ({
  payload: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.constantFrom(...WORDS),
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
    fc.array(tie("payload"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie("payload"), { maxKeys: 6 }),
  ),
}));

type Handlers = Record<string, (...args: unknown[]) => unknown>;

/** Everything of an adapter that a framework calls, but what runs the framework's own work. */
function handlersOf(adapter: object, ...not: string[]): Array<(...args: unknown[]) => unknown> {
  const names = Object.keys(adapter).filter((name) => !not.includes(name));
  const handlers = adapter as Handlers;
  return names.flatMap((name) => (typeof handlers[name] === "function" ? [handlers[name]] : []));
}

const ADAPTERS: Record<string, (trail: Target) => Array<(...args: unknown[]) => unknown>> = {
  "the AI SDK": (trail) => handlersOf(recordAiSdk(trail), "executeTool"),
  "the AI SDK's channel": (trail) => {
    const end = observeAiSdk(trail);
    const channel = tracingChannel("ai:telemetry");
    const publish = (part: "start" | "asyncEnd") => (a: unknown, b: unknown) => {
      for (const type of ["generateText", "step", "languageModelCall", "executeTool", a]) {
        const message = { type, event: { ...(Object(a) as object), toolCall: b, callId: "r1" }, result: b };
        channel[part].runStores(message as never, () => undefined);
      }
    };
    return [publish("start"), publish("asyncEnd"), end];
  },
  LangChain: (trail) =>
    handlersOf(recordLangChain(trail), "awaitHandlers").map(
      (handle) => (a, b) => handle(a, b, "run-1", undefined, a, b, a, b),
    ),
  "OpenAI Agents": (trail) =>
    handlersOf(recordOpenAiAgents(trail), "attach").map(
      (handle) => (a, b) =>
        Promise.all([
          handle(a),
          handle({
            id: "s",
            trace_id: "t",
            object: "trace.span",
            span_data: { type: "function", name: a, input: b, output: b, data: b },
          }),
        ]),
    ),
  OpenTelemetry: (trail) =>
    [...handlersOf(recordSpans(trail)), ...handlersOf(recordLogs(trail))].map((handle) => (a, b) => {
      handle(a);
      handle({
        spanContext: () => ({ traceId: "a".repeat(32), spanId: "b".repeat(16) }),
        attributes: { "gen_ai.tool.name": a, "gen_ai.tool.call.result": b },
        name: a,
      });
    }),
  "the Claude Agent SDK": (trail) =>
    Object.values(recordClaudeAgent(trail).hooks).flatMap(([matcher]) =>
      (matcher?.hooks ?? []).map((hook) => (a: unknown, b: unknown) => hook(a, b as string)),
    ),
  Mastra: (trail) => {
    const { exportTracingEvent: told } = recordMastra(trail);
    const span = (a: unknown, b: unknown) => ({
      id: "s",
      traceId: "t",
      type: a,
      input: b,
      output: b,
      attributes: b,
    });
    return [
      (a, b) => told({ type: "span_started", exportedSpan: span(a, b) }),
      (a, b) => told({ type: "span_ended", exportedSpan: span(a, b) }),
      told,
    ];
  },
  MCP: (trail) => {
    const transport = {
      send: async (_message: unknown) => undefined,
      onmessage: (_message: unknown) => undefined,
    };
    const { send, onmessage } = recordTransport(transport as never, trail) as typeof transport;
    const message = (a: unknown, b: unknown) => ({ jsonrpc: "2.0", id: 1, method: a, params: b, result: b });
    return [send, onmessage, (a, b) => send(message(a, b)), (a, b) => onmessage(message(a, b))];
  },
};

describe.each(Object.keys(ADAPTERS))("whatever is handed to the adapter of %s", (name) => {
  it("throws nothing into the agent, and leaves a trail that can be read", async () => {
    const trail = memoryTrail();
    const make = ADAPTERS[name] as (typeof ADAPTERS)[string];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(payload, payload), { maxLength: 4 }), async (said) => {
        const handlers = make(trail);
        for (const [a, b] of said) for (const handle of handlers) await handle(a, b);
      }),
      { numRuns: 60 },
    );
    expect((await trail.flush()).dropped).toBe(0);
    // What could not be read at all is told as an event, too.
    const { events } = await trail.events.list({ limit: 1000 });
    expect(events.length).toBeGreaterThan(0);
  });
});
