import { describe, expect, it } from "vitest";
import type { JsonObject } from "../base/json.ts";
import { toEvent, type WireDraft } from "../event/wire.ts";
import { approvals } from "./approvals.ts";
import { foldRows } from "./fold.ts";

const KEY = "ask-1";

function eventOf(seq: number, draft: Partial<WireDraft>) {
  const id = `019c0000-0000-7000-8000-00000000000${seq}`;
  const base = { tenant: "default", environment: "production", severity: "INFO", tool: "pay" } as const;
  return toEvent({ ...base, id, event_type: "tool.execute", data: { approval_id: KEY }, ...draft }, seq, seq);
}

const asked = eventOf(1, { event_type: "approval.request", category: "approval" });
const decided = eventOf(2, { event_type: "approval.decide", category: "approval", status: "ok" });
const executed = eventOf(3, { category: "tool_call", status: "ok" });

function rowAfterForgetting(event: typeof asked): JsonObject | null {
  const [folded] = foldRows(approvals, approvals.changes([asked, decided, executed], "fold"), new Map());
  expect(folded?.doc?.executions).toHaveLength(1);
  const rows = new Map([[KEY, folded?.doc as JsonObject]]);
  return foldRows(approvals, approvals.changes([event], "forget"), rows)[0]?.doc ?? null;
}

describe("an approval of which something was pruned", () => {
  it("stays without an execution that went", () => {
    expect(rowAfterForgetting(executed)).toMatchObject({ state: "approved", executions: [] });
  });

  it("goes with its request or its decision", () => {
    expect(rowAfterForgetting(asked)).toBeNull();
    expect(rowAfterForgetting(decided)).toBeNull();
  });
});
