import type { AuditEvent } from "../event/event.ts";
import { type Projection, perEvent, sortable } from "./projection.ts";

/**
 * Tool calls of which one half is missing: `open`, started and not completed, and `stray`, completed
 * without a start that waits for it (a second completion, or one that came before its start). A call
 * whose two halves came in order leaves no row. Key: the id of the `started` event.
 */
export const calls: Projection = {
  name: "calls",
  version: 1,
  environment: "environment",

  changes: perEvent({
    keys(event) {
      if (!isToolCall(event)) return [];
      if (event.phase === "started") return [event.id];
      return event.phase === "completed" && event.startId !== null ? [event.startId] : [];
    },

    fold(doc, event) {
      if (event.phase === "started") return doc === null ? { ...place(event), half: "open" } : null;
      return doc === null ? { ...place(event), half: "stray" } : doc.half === "open" ? null : doc;
    },

    forget(doc, event) {
      return doc.id === event.id ? null : doc;
    },
  }),

  entries(doc) {
    return [{ group: String(doc.half), sort: sortable(doc.seq as number) }];
  },
};

/** Whether the event is one half, or the whole, of a tool call. */
export function isToolCall({ category }: AuditEvent): boolean {
  return category === "tool_call";
}

function place({ id, seq, occurredAt, environment, tool, agent, runId }: AuditEvent) {
  return { id, seq, at: occurredAt, environment, tool, agent, runId };
}
