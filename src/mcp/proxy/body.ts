import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { type Micros, nowMicros } from "../../base/clock.ts";
import { EventStreamReader } from "./event-stream.ts";
import { type McpRecorder, MESSAGE_BYTES_MAX } from "./recorder.ts";
import { BEHIND, type Tap } from "./tap.ts";

export interface BodyHandlers {
  /** One message as it was sent. */
  message(bytes: Buffer, at: Micros): void;
  unread(what: { reason: string; bytes: number; beginning?: string }, at: Micros): void;
  /** The body is over, and everything in it was handed over. */
  end(at: Micros): void;
}

const DECODERS: Readonly<Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Buffer>> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

/**
 * Reads a copy of the body of an HTTP message, by its content type and encoding. A stream of events is
 * read as it comes; anything else when it is whole, and so is whatever is compressed.
 */
export function bodyTap(
  recorder: McpRecorder,
  { type = "", encoding = "" }: { type?: string | undefined; encoding?: string | undefined },
  handlers: BodyHandlers,
): Tap {
  const isStream = /^\s*text\/event-stream\b/i.test(type);
  const coding = encoding.trim().toLowerCase();
  const isPlain = coding === "" || coding === "identity";
  return isStream && isPlain
    ? streamTap(recorder, handlers)
    : wholeTap(recorder, handlers, (bytes, at) => {
        const decoded = isPlain ? bytes : decode(coding, bytes);
        if (decoded === undefined) {
          const reason = `a body that is not ${coding.slice(0, 40)}, or too long when unpacked`;
          handlers.unread({ reason, bytes: bytes.length }, at);
        } else if (isStream) readEvents(decoded, handlers, at);
        else if (decoded.length > 0) handlers.message(decoded, at);
      });
}

function streamTap(recorder: McpRecorder, handlers: BodyHandlers): Tap {
  let at = 0;
  let lost = 0;
  const reader = new EventStreamReader(MESSAGE_BYTES_MAX, {
    data: (bytes) => handlers.message(bytes, at),
    skipped: (what) => handlers.unread(what, at),
  });
  const later = (bytes: number, run: () => void): boolean => {
    const [came, hole] = [nowMicros(), lost];
    return recorder.later(bytes, () => {
      at = came;
      if (hole > 0) reader.hole(hole, BEHIND);
      run();
    });
  };
  return {
    chunk(bytes) {
      if (later(bytes.length, () => reader.feed(bytes))) lost = 0;
      else lost += bytes.length;
    },
    end() {
      later(0, () => {
        reader.end();
        handlers.end(at);
      });
    },
  };
}

function wholeTap(
  recorder: McpRecorder,
  handlers: BodyHandlers,
  whole: (bytes: Buffer, at: Micros) => void,
): Tap {
  let pieces: Buffer[] = [];
  let bytes = 0;
  return {
    chunk(piece) {
      bytes += piece.length;
      if (bytes <= MESSAGE_BYTES_MAX) pieces.push(piece);
      else pieces = [];
    },
    end() {
      const at = nowMicros();
      const isHeld = bytes <= MESSAGE_BYTES_MAX;
      const body = Buffer.concat(pieces);
      pieces = [];
      const isKept = recorder.later(body.length, () => {
        if (isHeld) whole(body, at);
        else handlers.unread({ reason: `a body of more than ${MESSAGE_BYTES_MAX} bytes`, bytes }, at);
        handlers.end(at);
      });
      if (isKept) return;
      recorder.later(0, () => {
        handlers.unread({ reason: BEHIND, bytes }, at);
        handlers.end(at);
      });
    },
  };
}

function readEvents(bytes: Buffer, handlers: BodyHandlers, at: Micros): void {
  const reader = new EventStreamReader(MESSAGE_BYTES_MAX, {
    data: (data) => handlers.message(data, at),
    skipped: (what) => handlers.unread(what, at),
  });
  reader.feed(bytes);
  reader.end();
}

function decode(coding: string, bytes: Buffer): Buffer | undefined {
  const decoder = Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined;
  try {
    return decoder?.(bytes, { maxOutputLength: MESSAGE_BYTES_MAX });
  } catch {
    // Neither what it says it is, nor small enough when unpacked.
    return undefined;
  }
}
