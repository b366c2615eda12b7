import type { JsonValue } from "../../src/base/json.ts";
import { get, send } from "./events.ts";

export interface Approval {
  id: string;
  attributes: {
    state: "pending" | "approved" | "denied";
    environment: string;
    tool: string | null;
    arguments: JsonValue | null;
    agent: string | null;
    run_id: string | null;
    asked_at: string;
    asked_by: string | null;
    request_id: string | null;
    expires_at: string | null;
    decided_at: string | null;
    decided_by: string | null;
    decision_id: string | null;
    reason: string | null;
    signature: { key: string | null; isValid: boolean } | null;
    contested: boolean;
    executions: ReadonlyArray<{ event: string; seq: number; matches: boolean | null }>;
    violations: ReadonlyArray<{ rule: string; event: string; seq: number }>;
  };
}

export const APPROVALS_A_PAGE = 50;

export async function fetchApprovals(
  state: string,
  page: number,
): Promise<{ approvals: Approval[]; more: boolean }> {
  const params = new URLSearchParams({
    "page[size]": String(APPROVALS_A_PAGE),
    "page[number]": String(page),
  });
  if (state === "violated") params.set("filter[violated]", "true");
  else if (state !== "") params.set("filter[state]", state);
  const { data } = (await get(`/api/v1/approvals?${params}`)) as { data: Approval[] };
  return { approvals: data, more: data.length === APPROVALS_A_PAGE };
}

export async function decide(
  id: string,
  decision: { decision: "approved" | "denied"; reason: string },
): Promise<void> {
  await send("POST", `/api/v1/approvals/${encodeURIComponent(id)}/decision`, decision);
}
