import { isTrailError } from "../../base/error.ts";
import { LIMITS } from "../../event/limits.ts";
import { EVENT_TYPES, SYSTEM_TENANT } from "../../event/vocabulary.ts";
import type { WireDraft } from "../../event/wire.ts";
import { readLine } from "../../store/line.ts";
import type { Outcome } from "../../store/store.ts";
import { type Access, checkReach } from "../access.ts";
import { textOf } from "../body.ts";
import type { Answer, Asked } from "../door.ts";
import type { ServerState } from "../server-state.ts";
import { refuseReserved } from "./events.ts";

/** The header by which another Daybook asks for what became of each line. */
export const OUTCOMES_HEADER = "x-daybook-outcomes";

/**
 * The bulk door for another Daybook: lines as its emitter wrote them, one commit, and an outcome for
 * each line, so that it is a store like any other. What came is redacted again: this one's rules count.
 */
export async function recordLines(asked: Asked, access: Access, state: ServerState): Promise<Answer> {
  const lines = textOf(await asked.body(LIMITS.bodyBytes)).split("\n");
  const outcomes: Outcome[] = [];
  const drafts: WireDraft[] = [];
  const places: number[] = [];
  for (const [i, line] of lines.entries()) {
    const read = readLine(line);
    const reason = read.draft === undefined ? read.reason : refusalOf(access, read.draft);
    if (read.draft === undefined || reason !== undefined) {
      outcomes[i] = { status: "rejected", reason: reason ?? "" };
      continue;
    }
    drafts.push(read.draft);
    places.push(i);
  }
  const committed = drafts.length === 0 ? [] : await state.trail.append(drafts);
  for (const [i, outcome] of committed.entries()) outcomes[places[i] as number] = outcome;
  const count = (status: Outcome["status"]): number =>
    outcomes.filter((outcome) => outcome.status === status).length;
  const [accepted, rejected] = [count("appended"), count("rejected")];
  state.metrics.events("bulk", accepted);
  state.metrics.rejected("bulk", rejected);
  const body = JSON.stringify({ accepted, duplicates: count("duplicate"), rejected, outcomes });
  return { status: 200, headers: { "Content-Type": "application/json" }, body };
}

/** Why the key may not write this. */
function refusalOf(access: Access, draft: WireDraft): string | undefined {
  if (draft.tenant === SYSTEM_TENANT && draft.event_type !== EVENT_TYPES.emitterClosed) {
    return `the tenant "${SYSTEM_TENANT}" is Daybook's own`;
  }
  try {
    checkReach(access, draft);
    refuseReserved(draft);
    return undefined;
  } catch (thrown) {
    if (isTrailError(thrown)) return thrown.message;
    throw thrown;
  }
}
