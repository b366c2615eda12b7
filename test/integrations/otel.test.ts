import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";
import type { Span as MappedSpan } from "../../src/ingest/otlp/model.ts";
import { fromTraces } from "../../src/ingest/otlp/traces.ts";
import { recordLogs, recordSpans } from "../../src/integrations/otel/index.ts";
import { spanOf } from "../../src/integrations/otel/model.ts";
import { eventsOf, line, linesOf, memoryTrail, refusing } from "./told.ts";

const AGENT = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "billing" };
const TOOL = {
  "gen_ai.operation.name": "execute_tool",
  "gen_ai.tool.name": "search",
  "gen_ai.tool.call.id": "c1",
  "gen_ai.tool.call.arguments": '{"query":"a"}',
};
const CHAT = {
  "gen_ai.operation.name": "chat",
  "gen_ai.request.model": "stand-in-1",
  "gen_ai.usage.input_tokens": 10,
  "gen_ai.usage.output_tokens": 5,
};

/** An agent's run as spans: a model call inside a step, two calls of tools of which one fails. */
function work(provider: BasicTracerProvider, between: () => void = () => undefined): void {
  const tracer = provider.getTracer("gen_ai");
  const inside = (span: ReturnType<typeof tracer.startSpan>) => trace.setSpan(context.active(), span);
  const run = tracer.startSpan("invoke_agent billing", { attributes: AGENT });
  const http = tracer.startSpan("GET /", {}, inside(run));
  const chat = tracer.startSpan("chat", { attributes: CHAT }, inside(http));
  chat.end();
  http.end();
  const search = tracer.startSpan("execute_tool search", { attributes: TOOL }, inside(run));
  between();
  search.setAttribute("gen_ai.tool.call.result", '{"hits":3}');
  search.end();
  const refund = tracer.startSpan(
    "execute_tool refund",
    { attributes: { ...TOOL, "gen_ai.tool.name": "refund", "gen_ai.tool.call.id": "c2" } },
    inside(run),
  );
  refund.setStatus({ code: SpanStatusCode.ERROR, message: "The card was declined." });
  refund.end();
  run.end();
}

describe("an OpenTelemetry span processor", () => {
  it("tells runs and calls when they start, and everything else when it ends", async () => {
    const trail = memoryTrail();
    const provider = new BasicTracerProvider({ spanProcessors: [recordSpans(trail)] });
    const atCall: string[][] = [];
    const looks: Array<Promise<void>> = [];
    work(provider, () => {
      looks.push(linesOf(trail).then((lines) => void atCall.push(lines)));
    });
    await Promise.all(looks);
    expect(atCall[0]).toContain("tool.execute  started  pending  billing  search  c1");
    const events = await eventsOf(trail);
    expect(events.map(line)).toEqual([
      "agent.run  started  pending  billing",
      "llm.complete  completed  ok  billing  stand-in-1  10+5 tokens, 0 cached",
      "tool.execute  started  pending  billing  search  c1",
      "tool.execute  completed  ok  billing  search  c1",
      "tool.execute  started  pending  billing  refund  c2",
      "tool.execute  completed  error  billing  refund  c2  “The card was declined.”",
      "agent.run  completed  ok  billing",
    ]);
    const [run] = events;
    expect(events.slice(1, -1).every(({ parentId }) => parentId === run?.id)).toBe(true);
    expect(events[3]).toMatchObject({ startId: events[2]?.id, data: { result: { hits: 3 } } });
    expect((await trail.runs.find(run?.runId ?? ""))?.status).toBe("ok");
  });

  it("gives the events that an export of the same spans gives, under the same ids", async () => {
    const trail = memoryTrail();
    const exporter = new InMemorySpanExporter();
    const spanProcessors = [recordSpans(trail), new SimpleSpanProcessor(exporter)];
    work(new BasicTracerProvider({ spanProcessors }));
    const spans: MappedSpan[] = exporter.getFinishedSpans().map(spanOf);
    const exported = fromTraces(spans).drafts.map(({ id, type, phase, status }) => [id, type, phase, status]);
    const live = (await eventsOf(trail)).map(({ id, type, phase, status }) => [id, type, phase, status]);
    expect(live.sort()).toEqual(exported.sort());
  });

  it("puts a run inside one of trail.runs below it, and leaves out what is no agent's work", async () => {
    const trail = memoryTrail();
    const provider = new BasicTracerProvider({ spanProcessors: [recordSpans(trail)] });
    const run = trail.runs.begin({ agent: "outer" });
    run.within(() => work(provider));
    provider.getTracer("http").startSpan("GET /").end();
    await trail.flush();
    const tree = await trail.runs.tree(run.id);
    expect(tree.root.children.map((child) => child.run.agent)).toEqual(["billing"]);
    expect(await eventsOf(trail)).toHaveLength(8);
  });

  it("leaves the program alone, whatever becomes of the record", () => {
    const provider = new BasicTracerProvider({ spanProcessors: [recordSpans(refusing)] });
    work(provider);
    const trail = memoryTrail();
    const processor = recordSpans(trail);
    processor.onStart(null);
    processor.onEnd({ spanContext: () => ({ traceId: 7 }) });
  });
});

describe("an OpenTelemetry log record processor", () => {
  it("tells what an agent's log records say, each when it is emitted", async () => {
    const trail = memoryTrail();
    const provider = new LoggerProvider({ processors: [recordLogs(trail)] });
    const logger = provider.getLogger("com.anthropic.claude_code");
    const said = { "session.id": "s1", tool_name: "Bash", tool_use_id: "c1" };
    logger.emit({
      body: "claude_code.tool_decision",
      attributes: { ...said, "event.name": "tool_decision", decision: "accept", source: "config" },
    });
    logger.emit({
      body: "claude_code.tool_result",
      attributes: { ...said, "event.name": "tool_result", success: "true", duration_ms: "5" },
    });
    provider.getLogger("http").emit({ body: "a line of a log" });
    expect(await linesOf(trail)).toEqual([
      "approval.decide  ·  ok  clerk  Bash  c1",
      "tool.execute  started  pending  clerk  Bash  c1",
      "tool.execute  completed  ok  clerk  Bash  c1",
    ]);
  });
});
