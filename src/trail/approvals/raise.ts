import type { JsonObject } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import type { Store } from "../../store/store.ts";
import { APPROVAL_EVENTS } from "../../view/approvals.ts";
import { sortable } from "../../view/projection.ts";

const PAGE = 200;

/**
 * Records an event for each execution behind `after` that broke its approval, and returns the seq up to
 * which it looked. Each has an idempotency key of its own, so whoever else looks tells it no second time.
 */
export async function raiseViolations(
  store: Store,
  tenant: string,
  record: (draft: EventDraft) => Promise<unknown>,
  after = 0,
): Promise<number> {
  let last = after;
  for (let offset = 0; ; offset += PAGE) {
    const { rows } = await store.rows({
      tenant,
      view: "approvals",
      group: "violated",
      from: sortable(after + 1),
      direction: "asc",
      offset,
      limit: PAGE,
    });
    for (const { doc } of rows) {
      for (const violation of doc.violations as Array<{ rule: string; event: string; seq: number }>) {
        if (violation.seq <= after) continue;
        await record(draftOf(tenant, doc, violation));
        last = Math.max(last, violation.seq);
      }
    }
    if (rows.length < PAGE) return last;
  }
}

function draftOf(
  tenant: string,
  { id, tool, agent, runId, conversationId, callId, environment }: JsonObject,
  { rule, event, seq }: { rule: string; event: string; seq: number },
): EventDraft {
  const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
  return {
    tenant,
    type: APPROVAL_EVENTS.violated,
    category: "approval",
    status: "error",
    severity: "ERROR",
    environment: text(environment),
    tool: text(tool),
    agent: text(agent),
    runId: text(runId),
    conversationId: text(conversationId),
    callId: text(callId),
    parentId: event,
    idempotencyKey: `approval.violated:${event}:${rule}`,
    error: `the execution breaks its approval: ${rule.replaceAll("_", " ")}`,
    summary: `${text(tool) ?? "a call"} was not executed as approved: ${rule.replaceAll("_", " ")}`,
    data: { approval_id: id ?? null, rule, execution: event, execution_seq: seq },
  };
}
