import { describe, expect, it } from "vitest";
import type { EventDraft } from "../../src/event/event.ts";
import type { Ingested } from "../../src/ingest/ingested.ts";
import { bodies, golden, line, ofType, readOtlp, sumOf, together } from "./read.ts";

/**
 * What real frameworks with a stand-in for their model exported in OTLP/JSON, without stacks and resources:
 * `ai` 7.0.173 with `@ai-sdk/otel`, `@google/adk` 2.0, `@strands-agents/sdk` 1.19 (by default, and with the
 * newest conventions), `@mastra/core` 1.71 with `@mastra/otel-exporter` 1.4, LangChain.js 1.5 with OpenInference
 * 4.1, `@langfuse/tracing` 5.11.
 */
const RECORDINGS: Record<string, { calls: number; input: number }> = {
  "vercel-ai-7": { calls: 4, input: 60 },
  "google-adk": { calls: 4, input: 70 },
  strands: { calls: 2, input: 20 },
  "strands-latest": { calls: 2, input: 20 },
  mastra: { calls: 2, input: 50 },
  "langchain-openinference": { calls: 2, input: 20 },
  langfuse: { calls: 2, input: 10 },
};

const read = (name: string): Promise<Ingested[]> => Promise.all(bodies(name).map(readOtlp));
const ends = (events: readonly EventDraft[]) =>
  ofType(events, "tool.execute").filter(({ phase }) => phase === "completed");

describe.each(Object.keys(RECORDINGS))("the recording %s", (name) => {
  it("becomes the events that its golden file lists", async () => {
    const { events, dropped } = together(await read(name));
    const drops = Object.entries(dropped).map(([reason, count]) => `dropped ${count}: ${reason}`);
    expect([...events.map(line), ...drops]).toEqual(golden(name));
  });

  it("tells each call once, with both its halves, and each token once", async () => {
    const { events } = together(await read(name));
    expect(ends(events)).toHaveLength(RECORDINGS[name]?.calls ?? 0);
    const starts = new Set(
      ofType(events, "tool.execute").flatMap(({ phase, id }) => (phase === "started" ? [id] : [])),
    );
    expect(ends(events).filter(({ startId }) => !starts.has(startId ?? ""))).toEqual([]);
    expect(sumOf(events, "input")).toBe(RECORDINGS[name]?.input);
  });

  it("has no event under one that is not there, and the same ids each time", async () => {
    const { events } = together(await read(name));
    const known = new Set(events.map(({ id }) => id));
    expect(events.filter(({ parentId }) => parentId && !known.has(parentId)).map(line)).toEqual([]);
    const again = together(await read(name)).events;
    expect(again.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  });
});
