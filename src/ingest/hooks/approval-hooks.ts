import type { EventDraft } from "../../event/event.ts";
import { resourceOf } from "../resource-of.ts";
import { firstName, isDenied } from "../values.ts";
import { HOOK_KEYS } from "./dialects.ts";
import { type Hook, idOf, namedId } from "./payload.ts";
import { argumentsOf, toolOf } from "./tool-hooks.ts";

export function approvalDraft(hook: Hook, common: Partial<EventDraft>): EventDraft {
  const tool = toolOf(hook);
  const args = argumentsOf(hook);
  const callId = firstName(hook.payload, HOOK_KEYS.callId);
  const approvalId = firstName(hook.payload, ["approval_id"]);
  const named = approvalId === undefined ? {} : { approval_id: approvalId };
  return {
    ...common,
    type: "approval.request",
    category: "approval",
    id: idOf(hook, "approval", approvalId ?? callId) ?? null,
    parentId: namedId(hook, "call started", callId) ?? common.parentId ?? null,
    status: "pending",
    tool,
    callId: callId ?? null,
    resource: resourceOf(tool, args),
    summary: `${tool} asks for permission`,
    data: { ...named, ...(args === undefined ? {} : { arguments: args }) },
  };
}

/** The answer to a question that has an id. */
export function decisionDraft(hook: Hook, common: Partial<EventDraft>): EventDraft {
  const approvalId = firstName(hook.payload, ["approval_id"]) ?? "";
  const decision = firstName(hook.payload, ["decision"]) ?? "unknown";
  const status = isDenied(decision) ? "denied" : "ok";
  return {
    ...common,
    type: "approval.decide",
    category: "approval",
    id: idOf(hook, "decision", `${approvalId} ${decision}`) ?? null,
    parentId: namedId(hook, "approval", approvalId) ?? null,
    status,
    severity: status === "denied" ? "WARN" : "INFO",
    summary: `permission: ${decision}`,
    data: { approval_id: approvalId, decision },
  };
}
