import type { EventDraft } from "../../event/event.ts";
import { DROPPED, drop, type Ingested, inOrder, keep, nothingIngested } from "../ingested.ts";
import type { OtlpContext } from "./fields.ts";
import type { Span } from "./model.ts";
import { draftsOf } from "./span-drafts.ts";
import { isKept, type Node, spanTree } from "./span-tree.ts";

/**
 * Spans as events. A span that is an agent's work gives an event, or a started and a completed one;
 * what is a part of another one is folded into it; the rest is dropped and counted.
 */
export function fromTraces(spans: readonly Span[], context: OtlpContext = {}): Ingested {
  const ingested = nothingIngested();
  const readable = spans.filter(({ traceId, spanId }, index) => {
    if (traceId !== "" && spanId !== "") return true;
    ingested.rejected.push({ index, reason: "traceId must be 32 and spanId 16 hex digits, not all zero" });
    return false;
  });
  const given = new Set<string>();
  for (const node of spanTree(readable)) {
    if (!isKept(node)) drop(ingested, reasonToDrop(node));
    else
      keep(
        ingested,
        draftsOf(node, context).filter((draft) => isNew(draft, given)),
      );
  }
  return inOrder(ingested);
}

/** Two spans of a batch can tell the same fact, such as a refusal in the messages of each call after it. */
function isNew({ id }: EventDraft, given: Set<string>): boolean {
  if (id === undefined || id === null) return true;
  if (given.has(id)) return false;
  given.add(id);
  return true;
}

function reasonToDrop({ operation, toldByLogs }: Node): string {
  if (toldByLogs) return DROPPED.told;
  return operation === "folded" ? DROPPED.part : DROPPED.notAgent;
}
