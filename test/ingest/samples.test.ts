import { describe, expect, it } from "vitest";
import { isObject } from "../../src/base/json.ts";
import type { EventDraft } from "../../src/event/event.ts";
import { fromHook } from "../../src/ingest/hooks/hook.ts";
import type { Ingested } from "../../src/ingest/ingested.ts";
import { decodeLogs, decodeTraces } from "../../src/ingest/otlp/decode.ts";
import {
  bodies,
  golden,
  JSON_TYPE,
  line,
  ofType,
  PROTO_TYPE,
  readHookBody,
  readOtlp,
  sample,
  sumOf,
  together,
} from "./read.ts";

const hooksIn = (text: string): unknown[] =>
  text
    .split("\n")
    .filter((row) => row.trim() !== "")
    .map((row) => JSON.parse(row));
const otlp = (folder: string) => () => Promise.all(bodies(folder).map(readOtlp));
const hooks = (payloads: () => unknown[]) => async () =>
  payloads().map((payload) => fromHook("claude-code", payload));

const SAMPLES: Record<string, () => Promise<Ingested[]>> = {
  "otel-sdk-2x": otlp("otel-sdk-2x/json"),
  "vercel-ai-6": otlp("vercel-ai-6"),
  "claude-code-otlp": otlp("claude-code/otlp"),
  "claude-code-proto": otlp("claude-code-proto/otlp"),
  "claude-code-http-hooks": async () => bodies("claude-code/http-hooks").map(readHookBody),
  "claude-code-command-hooks": hooks(() => hooksIn(sample("claude-code/command-hooks.raw").toString("utf8"))),
  "claude-code-sdk-hooks": hooks(() => JSON.parse(sample("claude-code/sdk-hooks.json").toString("utf8"))),
};

const calls = (events: readonly EventDraft[], phase: string): EventDraft[] =>
  ofType(events, "tool.execute").filter((event) => event.phase === phase);

describe.each(Object.keys(SAMPLES))("the recording %s", (name) => {
  const read = SAMPLES[name] as () => Promise<Ingested[]>;

  it("becomes the events that its golden file lists", async () => {
    const { events, dropped } = together(await read());
    const drops = Object.entries(dropped).map(([reason, count]) => `dropped ${count}: ${reason}`);
    expect([...events.map(line), ...drops]).toEqual(golden(name));
  });

  it("gives each call one start and one end that names it", async () => {
    const { events } = together(await read());
    const started = new Map(calls(events, "started").map((event) => [event.id, event]));
    const completed = calls(events, "completed");
    expect(completed.length).toBeGreaterThan(0);
    expect(started.size).toBe(completed.length);
    expect(new Set(completed.map(({ callId }) => callId)).size).toBe(completed.length);
    for (const end of completed) {
      const start = started.get(end.startId);
      expect(start).toMatchObject({ tool: end.tool, callId: end.callId, status: "pending" });
      expect(end.data).toMatchObject({ arguments: expect.anything() });
    }
  });

  it("leaves no event under one that is not there", async () => {
    const { events } = together(await read());
    const known = new Set(events.map(({ id }) => id));
    const lost = events.filter(({ parentId }) => parentId !== null && !known.has(parentId));
    expect(lost.map(line)).toEqual([]);
  });

  it("gives the same ids when it is sent again", async () => {
    const ids = (many: Ingested[]) => many.flatMap(({ drafts }) => drafts.map(({ id }) => id ?? null));
    expect(ids(await read())).toEqual(ids(await read()));
  });
});

describe("what the recordings say of denials, failures and tokens", () => {
  const FAILED = { toolu_03: "error", toolu_06: "denied" } as Record<string, string>;

  it.each(["claude-code-otlp", "claude-code-proto", "claude-code-http-hooks", "claude-code-command-hooks"])(
    "%s: seven calls, of which one failed and one was denied",
    async (name) => {
      const { events } = together(await (SAMPLES[name] as () => Promise<Ingested[]>)());
      const ends = calls(events, "completed");
      expect(ends).toHaveLength(7);
      for (const { callId, status, error } of ends) {
        expect([callId, status]).toEqual([callId, FAILED[callId ?? ""] ?? "ok"]);
        expect(error === null).toBe(status === "ok");
      }
    },
  );

  it("Claude Code's spans alone tell the same failure, the same denial and who denied", async () => {
    const { events } = together([await readOtlp("claude-code/otlp/006_v1_traces.json")]);
    expect(calls(events, "completed").map(({ callId, status }) => [callId, status])).toEqual(
      ["01", "02", "03", "04", "05", "06", "07"].map((n) => [`toolu_${n}`, FAILED[`toolu_${n}`] ?? "ok"]),
    );
    const denied = calls(events, "completed").find(({ status }) => status === "denied");
    expect(denied?.error).toBe("denied (reject) by hook");
    expect(calls(events, "completed")[0]?.data).toMatchObject({ result: "hello world\n" });
  });

  it.each([
    ["claude-code/otlp", JSON_TYPE],
    ["claude-code-proto/otlp", PROTO_TYPE],
  ])("%s: tokens are those of the nine requests, once, from logs, spans or both", async (folder, type) => {
    const logs = bodies(folder).filter((path) => path.includes("_logs"));
    const traces = bodies(folder).filter((path) => path.includes("_traces"));
    const raw = (await Promise.all(logs.map((path) => decodeLogs(sample(path), type))))
      .flat()
      .filter(({ attributes }) => attributes["event.name"] === "api_request");
    const of = (key: string) => raw.reduce((sum, { attributes }) => sum + Number(attributes[key]), 0);
    const expected = {
      input: of("input_tokens") + of("cache_read_tokens") + of("cache_creation_tokens"),
      output: of("output_tokens"),
      cached: of("cache_read_tokens"),
    };
    expect(expected).toEqual({ input: 1440, output: 180, cached: 450 });
    for (const some of [logs, traces, [...logs, ...traces], [...traces, ...logs]]) {
      const { events } = together(await Promise.all(some.map(readOtlp)));
      const sums = {
        input: sumOf(events, "input"),
        output: sumOf(events, "output"),
        cached: sumOf(events, "cached"),
      };
      expect(sums).toEqual(expected);
    }
  });

  it("tells a call of Claude Code once, whichever of its logs and its spans came first", async () => {
    const [logs, traces] = await Promise.all(
      ["_logs", "_traces"].map((kind) =>
        Promise.all(
          bodies("claude-code/otlp")
            .filter((path) => path.includes(kind))
            .map(readOtlp),
        ),
      ),
    );
    const ids = (many: Ingested[], type: string) =>
      new Set(ofType(together(many).events, type).map(({ id }) => id));
    for (const type of ["tool.execute", "llm.complete", "approval.decide"]) {
      const said = ids(logs as Ingested[], type);
      expect(said.size).toBeGreaterThan(0);
      expect(ids(traces as Ingested[], type)).toEqual(said);
    }
  });

  it("counts the tokens of AI SDK 6 on the two model calls, not on the run around them", async () => {
    const { events } = together(await otlp("vercel-ai-6")());
    expect([sumOf(events, "input"), sumOf(events, "output")]).toEqual([20, 10]);
    const run = ofType(events, "agent.run").find(({ phase }) => phase === "completed");
    expect(run?.usage ?? null).toBeNull();
    expect(run?.data).toMatchObject({ totals: { input: 20, output: 10 } });
  });

  it("keeps who, where and for whom", async () => {
    const { events } = together(await otlp("otel-sdk-2x/json")());
    expect(ofType(events, "tool.execute")[0]).toMatchObject({
      source: "otlp",
      origin: "demo.agent",
      app: "demo-agent",
      agent: "planner",
      environment: "test",
      conversationId: "conv_42",
      traceId: "fa496960ef5da5d731a532494f02cb23",
      spanId: "ab7efc174804301b",
      occurredAt: 1795207459613000,
    });
    const ai = together(await otlp("vercel-ai-6")()).events;
    expect(ofType(ai, "tool.execute")[0]).toMatchObject({
      origin: "vercel-ai",
      conversationId: "sess-1",
      actor: { type: "user", id: "alice" },
    });
  });

  it("counts every span and record, as an event, as dropped or as refused", async () => {
    for (const path of [
      ...bodies("claude-code/otlp"),
      ...bodies("vercel-ai-6"),
      ...bodies("otel-sdk-2x/json"),
    ]) {
      if (path.includes("metrics")) continue;
      const items = path.includes("_traces")
        ? (await decodeTraces(sample(path), JSON_TYPE)).length
        : (await decodeLogs(sample(path), JSON_TYPE)).length;
      const { accepted, dropped, rejected } = await readOtlp(path);
      const counts = Object.values(dropped).reduce((sum, count) => sum + count, 0);
      expect([path, accepted + counts + rejected.length]).toEqual([path, items]);
    }
  });
});

describe("the same payload in another encoding", () => {
  const encoded = [...bodies("claude-code-proto/otlp"), ...bodies("otel-sdk-2x/proto")].filter(
    (path) => !path.includes("metrics"),
  );

  it.each(encoded)("%s says what its decoded form says", async (path) => {
    const decode = path.includes("_traces") ? decodeTraces : decodeLogs;
    const expected = sample(path.replace(".pb", ".expected.json"));
    const fromProto = await decode(sample(path), PROTO_TYPE);
    expect(fromProto.length).toBeGreaterThan(0);
    expect(fromProto).toEqual(await decode(expected, JSON_TYPE));
  });

  it("counts the metrics of both", async () => {
    for (const path of bodies("claude-code-proto/otlp").filter((name) => name.includes("metrics"))) {
      const expected = JSON.parse(sample(path.replace(".pb", ".expected.json")).toString("utf8"));
      const metrics = expected.resourceMetrics.flatMap((part: unknown) =>
        isObject(part)
          ? (part.scopeMetrics as Array<{ metrics: unknown[] }>).flatMap((scope) => scope.metrics)
          : [],
      );
      expect((await readOtlp(path)).dropped).toEqual({ "a metric is no event": metrics.length });
    }
  });
});
