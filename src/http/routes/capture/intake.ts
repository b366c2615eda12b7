import { acceptDraft } from "../../../event/accept.ts";
import type { Ingested } from "../../../ingest/ingested.ts";
import type { ServerState } from "../../server-state.ts";

const CHUNK_EVENTS = 1_000;

/**
 * Commits what a foreign payload became, in order, and counts it at its door. What the store refused is
 * added to `rejected`. Rejects with a store error: then the sender tries again, and what was committed is
 * known by its id.
 */
export async function commitIngested(
  state: ServerState,
  door: string,
  ingested: Ingested,
  scope: { tenant: string; environment?: string },
): Promise<void> {
  const drafts = ingested.drafts.map((draft) => acceptDraft({ ...draft, ...scope }, scope));
  let appended = 0;
  for (let at = 0; at < drafts.length; at += CHUNK_EVENTS) {
    const outcomes = await state.trail.append(drafts.slice(at, at + CHUNK_EVENTS));
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.status === "appended") appended++;
      if (outcome.status === "rejected") ingested.rejected.push({ index: at + i, reason: outcome.reason });
    }
  }
  state.metrics.events(door, appended);
  state.metrics.rejected(door, ingested.rejected.length);
  for (const [reason, count] of Object.entries(ingested.dropped)) state.metrics.dropped(reason, count);
}
