import { TrailError } from "../../base/error.ts";
import { askedBy } from "../door.ts";
import type { Route } from "../routing.ts";
import type { ServerState } from "../server-state.ts";

/** A proof of 63 hashes and a checkpoint with its signatures. */
const BODY_BYTES = 64 * 1024;
const TEXT = { "Content-Type": "text/plain; charset=utf-8" };

/**
 * The witness that this Daybook is to other logs (C2SP tlog-witness). No API key is asked for: only
 * what a known log has signed is looked at, and a checkpoint is made to be shown.
 */
export function witnessRoutes(route: Route, { cosigner }: ServerState): void {
  route("post", "/witness/add-checkpoint", async (c) => {
    if (cosigner === null) throw notHere();
    const body = await askedBy(c).body(BODY_BYTES);
    const answer = await cosigner.addCheckpoint(body.toString("utf8"));
    return c.body(answer.body, answer.status, { "Content-Type": answer.type });
  });

  route("get", "/witness/checkpoint", async (c) => {
    const seen = await cosigner?.seen(c.req.query("origin") ?? "");
    if (seen === undefined || seen === null) throw notHere();
    return c.body(seen.checkpoint, 200, TEXT);
  });

  route("get", "/witness/split", async (c) => {
    const seen = await cosigner?.seen(c.req.query("origin") ?? "");
    if (seen?.split === undefined || seen.split === null) throw notHere();
    return c.body(seen.split, 200, TEXT);
  });
}

function notHere(): TrailError {
  return new TrailError("route.not_found", "No such log is witnessed here.", {
    fix: "Name the log's key in DAYBOOK_WITNESS_FOR.",
  });
}
