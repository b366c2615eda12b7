import { nowMicros } from "../../base/clock.ts";
import type { McpConnection } from "../../ingest/mcp/connection.ts";
import type { McpSide } from "../../ingest/mcp/message.ts";
import { LineReader } from "../line-reader.ts";
import { type McpRecorder, MESSAGE_BYTES_MAX } from "./recorder.ts";

/** What sees a copy of a stream's bytes, without a say in what becomes of them. */
export interface Tap {
  chunk(bytes: Buffer): void;
  end(): void;
}

export const BEHIND = "reading fell behind the traffic";

/** One side of a connection on which each line is a message. */
export function lineTap(recorder: McpRecorder, connection: McpConnection, from: McpSide): Tap {
  let at = 0;
  let lost = 0;
  const reader = new LineReader(MESSAGE_BYTES_MAX, {
    line: (bytes) => void (bytes.length > 0 && recorder.read(connection, from, bytes, at)),
    skipped: (what) => recorder.tell(connection.unread(from, what, at)),
  });
  const feed = (bytes: Buffer): boolean => {
    const came = nowMicros();
    const hole = lost;
    return recorder.later(bytes.length, () => {
      at = came;
      if (hole > 0) reader.hole(hole, BEHIND);
      reader.feed(bytes);
    });
  };
  return {
    chunk(bytes) {
      if (feed(bytes)) lost = 0;
      else lost += bytes.length;
    },
    end() {
      const came = nowMicros();
      const hole = lost;
      recorder.later(0, () => {
        at = came;
        if (hole > 0) reader.hole(hole, BEHIND);
        reader.end();
      });
    },
  };
}
