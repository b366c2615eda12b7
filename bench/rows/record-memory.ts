import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import { openTrail } from "../../src/index.ts";
import { attributesOf, draftOf } from "../events.ts";
import { compare, inFolder, interleave, type Row } from "../measure.ts";

/** Fewer than either queue holds: neither side drops. */
const BURST = 2_000;
const QUEUE = 4_096;

const nowhere: SpanExporter = {
  export: (_spans, done) => done({ code: 0 }),
  shutdown: async () => undefined,
};

/** On the caller's thread, per event: made, recorded; delivery is awaited outside of the clock. */
export const recordMemory: Row = {
  name: "record-memory",
  title: "record() on the caller's thread, in memory",
  run: ({ rounds, size }) =>
    inFolder(async (dir) => {
      const bursts = size(20);
      const trail = openTrail(`${dir}/memory.db`, { level: "memory" });
      const processor = new BatchSpanProcessor(nowhere, { maxQueueSize: QUEUE });
      const provider = new BasicTracerProvider({ spanProcessors: [processor] });
      const tracer = provider.getTracer("bench");
      let kept: unknown[] = [];
      const { ours, span, push } = await interleave(rounds, {
        ours: () =>
          perEvent(
            bursts,
            (i) => trail.record(draftOf(i)),
            async () => void (await trail.flush()),
          ),
        span: () =>
          perEvent(
            bursts,
            (i) => tracer.startSpan("tool.execute", { attributes: attributesOf(i) }).end(),
            () => provider.forceFlush(),
          ),
        push: () =>
          perEvent(
            bursts,
            (i) => kept.push(draftOf(i)),
            async () => {
              kept = [];
            },
          ),
      });
      const { dropped } = trail.health();
      await trail.close();
      await provider.shutdown();
      const note = dropped === 0 ? {} : { note: `${dropped} events were dropped` };
      return [
        compare(
          "record(), memory, 15 attributes, redacted",
          "µs",
          ours,
          { what: "OpenTelemetry span, 15 attributes, batch processor", rounds: span },
          { goal: { of: "ratio", atMost: 0.3 }, ...note },
        ),
        compare(
          "record(), memory, 15 attributes, redacted",
          "µs",
          ours,
          { what: "making the same object and pushing it on an array", rounds: push },
          { goal: { of: "ratio", atMost: 20 } },
        ),
      ];
    }),
};

async function perEvent(
  bursts: number,
  record: (i: number) => unknown,
  drain: () => Promise<void>,
): Promise<number> {
  let spentMs = 0;
  for (let burst = 0; burst < bursts; burst++) {
    const begun = performance.now();
    for (let i = 0; i < BURST; i++) record(burst * BURST + i);
    spentMs += performance.now() - begun;
    await drain();
  }
  return (spentMs * 1_000) / (bursts * BURST);
}
