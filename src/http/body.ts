import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { TrailError } from "../base/error.ts";
import { LIMITS } from "../event/limits.ts";

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/**
 * The body, decompressed, at most `maxBytes` of it: the count runs on what comes out, so a small
 * body that swells is cut off in time. Throws `request.too_large`, `request.unsupported` or
 * `request.malformed`.
 */
export async function readBody(request: Request, maxBytes: number = LIMITS.bodyBytes): Promise<Buffer> {
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  if (encoding === "identity" || encoding === "") {
    if (declared > 0) return Buffer.from(await request.arrayBuffer());
    return request.body === null ? Buffer.alloc(0) : collect(toNode(request.body), maxBytes);
  }
  const decoder = DECODERS[encoding];
  if (decoder === undefined) {
    throw new TrailError(
      "request.unsupported",
      `The content encoding "${encoding.slice(0, 40)}" is not supported.`,
      {
        fix: "Send gzip, zstd, deflate, br or plain text.",
      },
    );
  }
  if (request.body === null) return Buffer.alloc(0);
  const source = toNode(request.body);
  const decoded = decoder();
  source.on("error", (error) => (decoded as unknown as Readable).destroy(error));
  try {
    return await collect(source.pipe(decoded) as unknown as Readable, maxBytes);
  } catch (thrown) {
    if (thrown instanceof TrailError) throw thrown;
    throw new TrailError("request.malformed", `The body is not valid ${encoding}.`, { cause: thrown });
  } finally {
    source.destroy();
  }
}

function toNode(body: ReadableStream<Uint8Array>): Readable {
  return Readable.fromWeb(body as NodeReadableStream<Uint8Array>);
}

async function collect(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes);
}

function tooLarge(maxBytes: number): TrailError {
  return new TrailError("request.too_large", `The body is larger than ${maxBytes} bytes.`, {
    fix: "Send it in smaller pieces.",
  });
}

/** JSON of a body; throws `request.malformed`. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw new TrailError("request.malformed", "The body is not JSON.", { cause });
  }
}
