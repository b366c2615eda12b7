import type { WireEvent } from "../../src/event/wire.ts";
import { keyHeaders, wantKey } from "./key.ts";

/** The server sends a sign of life every few seconds; without one for so long, it is gone. */
const SILENCE_MAX_MS = 60_000;

interface Heard {
  onOpen(): void;
  onEvent(event: WireEvent): void;
}

/**
 * Events behind a seq as they are committed, until the server ends it, falls silent, or the signal fires.
 * Read by `fetch`, because an EventSource cannot carry a key. Rejects where it could not begin.
 */
export async function readStream(
  filters: URLSearchParams,
  after: number,
  heard: Heard,
  signal: AbortSignal,
): Promise<void> {
  const params = new URLSearchParams(filters);
  params.set("after", String(after));
  const silence = new AbortController();
  let watch = setTimeout(() => silence.abort(), SILENCE_MAX_MS);
  try {
    const response = await fetch(`/api/v1/events/stream?${params}`, {
      headers: { ...keyHeaders(), Accept: "text/event-stream" },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (response.status === 401) wantKey();
    if (!response.ok || response.body === null) throw new Error(`The server answered ${response.status}.`);
    heard.onOpen();
    let rest = "";
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value: text } = await reader.read();
      if (done) return;
      clearTimeout(watch);
      watch = setTimeout(() => silence.abort(), SILENCE_MAX_MS);
      const blocks = (rest + text).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const data = dataOf(block);
        if (data !== "") heard.onEvent(JSON.parse(data) as WireEvent);
      }
    }
  } finally {
    clearTimeout(watch);
  }
}

/** The data lines of one message; comments are signs of life. */
function dataOf(block: string): string {
  return block
    .split("\n")
    .flatMap((line) => (line.startsWith("data:") ? line.slice(5).trimStart() : []))
    .join("\n");
}
