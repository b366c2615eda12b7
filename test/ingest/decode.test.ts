import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTrailError } from "../../src/base/error.ts";
import { acceptDraft } from "../../src/event/accept.ts";
import { decodeLogs, decodeMetrics, decodeTraces } from "../../src/ingest/otlp/decode.ts";
import { fromLogs } from "../../src/ingest/otlp/logs.ts";
import { fromTraces } from "../../src/ingest/otlp/traces.ts";
import { bodies, JSON_TYPE, PROTO_TYPE, sample } from "./read.ts";

const span = (fields: string) => `{"resourceSpans":[{"scopeSpans":[{"spans":[{${fields}}]}]}]}`;
const decode = (text: string) => decodeTraces(Buffer.from(text), JSON_TYPE);
const IDS = `"traceId":"${"a".repeat(32)}","spanId":"${"b".repeat(16)}"`;

describe("OTLP as JSON", () => {
  it("takes times and integers as text or number, enums as number or name, unknown fields", async () => {
    const attributes = `"attributes":[{"key":"a","value":{"intValue":"7"}},{"key":"b","value":{"intValue":7}},
      {"key":"c","value":{}},{"key":"d"},{"key":"e","value":{"doubleValue":"NaN"}},{"key":"f","value":{"intValue":"9007199254740993"}}]`;
    for (const [time, code] of [
      ['"1795207459613000123"', '"STATUS_CODE_ERROR"'],
      ["1795207459613000123", "2"],
    ]) {
      const [read] = await decode(
        span(`${IDS},"startTimeUnixNano":${time},"status":{"code":${code}},${attributes},"new":{"x":[]}`),
      );
      expect(read).toMatchObject({ start: 1795207459613000, statusCode: 2, traceId: "a".repeat(32) });
      expect(read?.attributes).toEqual({ a: 7, b: 7, c: null, d: null, e: "NaN", f: "9007199254740993" });
    }
  });

  it("takes ids in capitals and in base64, and none that is zero or of another length", async () => {
    const ids = async (traceId: string) => (await decode(span(`"traceId":"${traceId}"`)))[0]?.traceId;
    expect(await ids("A".repeat(32))).toBe("a".repeat(32));
    expect(await ids(Buffer.alloc(16, 7).toString("base64"))).toBe("07".repeat(16));
    for (const none of ["0".repeat(32), "abc", "", "g".repeat(32)]) expect(await ids(none)).toBe("");
  });

  it("reads no attribute into the prototype", async () => {
    const [read] = await decode(
      span(`"attributes":[{"key":"__proto__","value":{"kvlistValue":{"values":[]}}}]`),
    );
    expect(Object.getPrototypeOf(read?.attributes)).toBe(Object.prototype);
  });
});

describe("a malformed body", () => {
  const refusal = async (run: Promise<unknown>) => {
    const thrown = await run.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!isTrailError(thrown)) throw new Error(`not refused: ${String(thrown)}`);
    expect(thrown.code).toBe("request.malformed");
    return thrown;
  };

  it.each([
    ['{"resourceSpans":5}', "resourceSpans"],
    ['{"resourceSpans":[5]}', "resourceSpans[0]"],
    ['{"resourceSpans":[{"resource":"x"}]}', "resourceSpans[0].resource"],
    ['{"resourceSpans":[{"scopeSpans":{}}]}', "resourceSpans[0].scopeSpans"],
    ['{"resourceSpans":[{"scopeSpans":[{"spans":[null]}]}]}', "resourceSpans[0].scopeSpans[0].spans[0]"],
    [span('"attributes":"x"'), "resourceSpans[0].scopeSpans[0].spans[0].attributes"],
    [span('"events":[{"attributes":7}]'), "resourceSpans[0].scopeSpans[0].spans[0].events[0].attributes"],
  ])("%s names the place %s", async (text, place) => {
    const { field, message } = await refusal(decode(text));
    expect(field).toBe(place);
    expect(message).toContain(place);
  });

  it.each(["", "x", "[]", "null", '"x"', "{"])("%j is no body", async (text) => {
    await refusal(decode(text));
  });

  it("may nest no deeper than the limit, as JSON or as protobuf", async () => {
    const deep = `${'{"arrayValue":{"values":['.repeat(60)}${"]}}".repeat(60)}`;
    await refusal(decode(span(`"attributes":[{"key":"a","value":${deep}}]`)));
    let value: Buffer = Buffer.from([0x0a, 0x01, 0x78]);
    for (let depth = 0; depth < 20_000; depth++) value = message(5, message(1, value));
    const attribute = Buffer.concat([message(1, Buffer.from("a")), message(2, value)]);
    const body = message(1, message(2, message(2, message(9, attribute))));
    await refusal(decodeTraces(body, PROTO_TYPE));
  });

  it("is refused in protobuf too", async () => {
    await refusal(decodeTraces(Buffer.from([0x0a, 0xff]), PROTO_TYPE));
    await refusal(decodeLogs(Buffer.from("{}"), PROTO_TYPE));
  });
});

/** A length-delimited protobuf field. */
function message(field: number, content: Buffer): Buffer {
  const length: number[] = [];
  let rest = content.length;
  for (; rest > 0x7f; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...length, rest]), content]);
}

describe("bytes that anyone can send", () => {
  const recorded = ["claude-code/otlp", "claude-code-proto/otlp", "otel-sdk-2x/proto", "vercel-ai-6"]
    .flatMap(bodies)
    .map((path) => ({ path, bytes: sample(path) }));
  const hurt = fc
    .tuple(
      fc.constantFrom(...recorded),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
      fc.option(fc.nat(), { nil: undefined }),
    )
    .map(([{ path, bytes }, changes, end]) => {
      const copy = Buffer.from(bytes);
      for (const [at, byte] of changes) copy[at % copy.length] = byte;
      return { path, bytes: end === undefined ? copy : copy.subarray(0, end % copy.length) };
    });

  async function read(path: string, bytes: Buffer, type: string): Promise<void> {
    try {
      if (path.includes("_metrics")) await decodeMetrics(bytes, type);
      else {
        const { drafts } = path.includes("_traces")
          ? fromTraces(await decodeTraces(bytes, type))
          : fromLogs(await decodeLogs(bytes, type));
        for (const draft of drafts) acceptDraft(draft, {});
      }
    } catch (thrown) {
      if (!isTrailError(thrown) || thrown.code !== "request.malformed") throw thrown;
    }
  }

  it("give events or a plain refusal, never anything else", async () => {
    await fc.assert(
      fc.asyncProperty(hurt, ({ path, bytes }) =>
        read(path, bytes, path.endsWith(".pb") ? PROTO_TYPE : JSON_TYPE),
      ),
      { numRuns: 1_000 },
    );
  });

  it("also when they are read as what they are not, or are nothing at all", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array(),
        fc.constantFrom("_traces", "_logs", "_metrics"),
        fc.boolean(),
        (bytes, path, isJson) => read(path, Buffer.from(bytes), isJson ? JSON_TYPE : PROTO_TYPE),
      ),
      { numRuns: 1_000 },
    );
  });
});
