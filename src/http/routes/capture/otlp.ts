import type { Context } from "hono";
import { LIMITS } from "../../../event/limits.ts";
import type { Ingested } from "../../../ingest/ingested.ts";
import { type Access, writerScope } from "../../access.ts";
import { askedBy } from "../../door.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";
import { commitIngested } from "./intake.ts";

/** OTLP/HTTP (OTLP 1.9 §3.2): traces and logs become events, metrics are counted. */
export function otlpRoutes(route: Route, state: ServerState): void {
  route("post", "/v1/traces", (c, access) =>
    receive(c, access, state, "rejectedSpans", async (body, contentType, context) => {
      const [{ decodeTraces }, { fromTraces }] = await Promise.all([
        import("../../../ingest/otlp/decode.ts"),
        import("../../../ingest/otlp/traces.ts"),
      ]);
      return fromTraces(await decodeTraces(body, contentType), context);
    }),
  );
  route("post", "/v1/logs", (c, access) =>
    receive(c, access, state, "rejectedLogRecords", async (body, contentType, context) => {
      const [{ decodeLogs }, { fromLogs }] = await Promise.all([
        import("../../../ingest/otlp/decode.ts"),
        import("../../../ingest/otlp/logs.ts"),
      ]);
      return fromLogs(await decodeLogs(body, contentType), context);
    }),
  );
  route("post", "/v1/metrics", (c, access) =>
    receive(c, access, state, "rejectedDataPoints", async (body, contentType) => {
      const [{ decodeMetrics }, { fromMetrics }] = await Promise.all([
        import("../../../ingest/otlp/decode.ts"),
        import("../../../ingest/otlp-metrics.ts"),
      ]);
      return fromMetrics(await decodeMetrics(body, contentType));
    }),
  );
}

type Read = (
  body: Buffer,
  contentType: string | undefined,
  context: { tenant?: string },
) => Promise<Ingested>;

/** Answers when what became events is committed; a store that is away is a 503, which exporters retry. */
async function receive(
  c: Context,
  access: Access,
  state: ServerState,
  rejectedKey: string,
  read: Read,
): Promise<Response> {
  const contentType = c.req.header("content-type");
  const scope = writerScope(access);
  const ingested = await read(await askedBy(c).body(LIMITS.bodyBytes), contentType, scope);
  await commitIngested(state, "otlp", ingested, scope);
  return answer(c, contentType, rejectedKey, ingested);
}

/** In the encoding of the request; an empty protobuf message is an empty body. */
function answer(
  c: Context,
  contentType: string | undefined,
  rejectedKey: string,
  { rejected }: Ingested,
): Response {
  const isProtobuf = contentType?.includes("protobuf") === true;
  const first = rejected[0]?.reason ?? "";
  if (isProtobuf)
    return c.body(partialSuccess(rejected.length, first), 200, { "Content-Type": "application/x-protobuf" });
  if (rejected.length === 0) return c.json({});
  return c.json({ partialSuccess: { [rejectedKey]: String(rejected.length), errorMessage: first } });
}

/** ExportPartialSuccess { rejected = 1 (varint), error_message = 2 (string) } as field 1 of the response. */
function partialSuccess(rejected: number, message: string): Uint8Array<ArrayBuffer> {
  if (rejected === 0) return new Uint8Array();
  const text = Buffer.from(message.slice(0, 1000));
  const inner = Buffer.concat([
    Buffer.from([0x08]),
    varint(rejected),
    Buffer.from([0x12]),
    varint(text.length),
    text,
  ]);
  return Uint8Array.from(Buffer.concat([Buffer.from([0x0a]), varint(inner.length), inner]));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
