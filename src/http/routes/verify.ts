import { messageOf } from "../../base/error.ts";
import { wholeTenant } from "../../trail/access-scope.ts";
import type { Route } from "../routing.ts";
import type { ServerState } from "../server-state.ts";

/** Between two lines of progress. */
const PROGRESS_MS = 200;

/**
 * A whole verification: lines of progress `{done, total}`, then `{verdict}`, or `{error}`. It reads every event, so
 * whoever leaves ends it.
 */
export function verifyRoute(route: Route, { trail, witnesses, stopping }: ServerState): void {
  route("get", "/api/v1/log/verify", (_, access) => {
    const tenant = wholeTenant(access);
    const left = new AbortController();
    const signal = AbortSignal.any([left.signal, stopping]);
    const encoder = new TextEncoder();
    let told = 0;
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        const say = (line: object): void => {
          if (!left.signal.aborted) controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
        };
        const onProgress = (done: number, total: number): void => {
          if (performance.now() - told < PROGRESS_MS) return;
          told = performance.now();
          say({ done, total });
        };
        try {
          say({ verdict: await trail.verify({ tenant, witnesses, signal, onProgress }) });
        } catch (thrown) {
          say({ error: messageOf(thrown) });
        }
        if (!left.signal.aborted) controller.close();
      },
      cancel: () => left.abort(),
    });
    return new Response(body, {
      headers: { "Content-Type": "application/x-ndjson", "Cache-Control": "no-store" },
    });
  });
}
