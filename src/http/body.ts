import type { IncomingMessage } from "node:http";
import type { Readable, Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { isTrailError, TrailError } from "../base/error.ts";

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

const LINGER_MS = 5_000;

/**
 * The body, decompressed, at most `maxBytes` of it: the count runs on what comes out, so a small
 * body that swells is cut off in time. Throws `request.too_large`, `request.unsupported` or
 * `request.malformed`.
 */
export async function readBody(
  source: Readable,
  header: (name: string) => string | undefined,
  maxBytes: number,
): Promise<Buffer> {
  const encoding = header("content-encoding")?.trim().toLowerCase() ?? "";
  if (Number(header("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (encoding === "identity" || encoding === "") return collect(source, maxBytes);
  const make = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding] : undefined;
  if (make === undefined) {
    throw new TrailError(
      "request.unsupported",
      `The content encoding "${encoding.slice(0, 40)}" is not supported.`,
      { fix: "Send gzip, zstd, deflate, br or plain text." },
    );
  }
  const decoder = make();
  source.once("error", () => decoder.destroy(endedEarly()));
  try {
    return await collect(source.pipe(decoder), maxBytes);
  } catch (thrown) {
    if (isTrailError(thrown)) throw thrown;
    throw new TrailError("request.malformed", `The body is not valid ${encoding}.`, { cause: thrown });
  } finally {
    source.unpipe(decoder);
    decoder.destroy();
  }
}

/** By events and not by iterator: every request comes through here. */
function collect(stream: Readable, maxBytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes <= maxBytes) {
      chunks.push(chunk);
      return;
    }
    stream.off("data", onData);
    chunks.length = 0;
    reject(tooLarge(maxBytes));
  };
  stream.on("data", onData);
  stream.once("end", () => resolve(Buffer.concat(chunks)));
  stream.on("error", (error: NodeJS.ErrnoException) =>
    reject(isTrailError(error) || error.code !== "ECONNRESET" ? error : endedEarly()),
  );
  // After `end` or an error this changes nothing.
  stream.once("close", () => reject(endedEarly()));
  return promise;
}

/**
 * Before an answer that did not need the whole body: what still comes is read and dropped, because a
 * client that is cut off while it sends does not see the answer. Not for ever, though.
 */
export async function drained(incoming: IncomingMessage): Promise<void> {
  if (incoming.complete || incoming.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LINGER_MS);
  incoming.once("end", resolve).once("close", resolve).resume();
  await promise;
  clearTimeout(timer);
}

function endedEarly(): TrailError {
  return new TrailError("request.malformed", "The body ended early.");
}

function tooLarge(maxBytes: number): TrailError {
  return new TrailError("request.too_large", `The body is larger than ${maxBytes} bytes.`, {
    fix: "Send it in smaller pieces.",
  });
}

/** JSON of a body; throws `request.malformed`. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(textOf(body));
  } catch (cause) {
    throw new TrailError("request.malformed", "The body is not JSON.", { cause });
  }
}

/** UTF-8 without the mark that some editors put in front of it. */
export function textOf(body: Buffer): string {
  const marked = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  return body.toString("utf8", marked ? 3 : 0);
}
