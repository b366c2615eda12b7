import { apart } from "../../base/derived-uuid.ts";
import { exceedsDepth, isObject, type JsonObject } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { DROPPED, drop, type Ingested, keep, nothingIngested } from "../ingested.ts";
import { firstName, firstText, oneLine } from "../values.ts";
import { answerDraft } from "./answer.ts";
import { approvalDraft, decisionDraft } from "./approval-hooks.ts";
import { HOOK_KEYS, type HookFact, hookFact } from "./dialects.ts";
import { commonFields, type Hook, type HookContext, idOf, namedId, readHook } from "./payload.ts";
import { refusedInBatch, toolDrafts } from "./tool-hooks.ts";

export type { HookContext } from "./payload.ts";

const DEPTH_MAX = 64;

/**
 * One hook payload of a coding agent as events. Ids are derived from what makes the moment unique
 * (the session and the call's id), so a retried hook is known, and a completion names its start
 * without looking it up. Never throws, whatever is sent.
 */
export function fromHook(agent: string, body: unknown, context: HookContext = {}): Ingested {
  const ingested = nothingIngested();
  const refuse = (reason: string): Ingested => {
    ingested.rejected.push({ index: 0, reason });
    return ingested;
  };
  if (!isObject(body)) return refuse("a hook's payload must be a JSON object");
  if (exceedsDepth(body, DEPTH_MAX)) return refuse(`a hook's payload must not nest deeper than ${DEPTH_MAX}`);
  const hook = readHook(agent, body);
  const fact = hookFact(hook.name);
  if (fact === "inner" || fact === "repeat") {
    drop(ingested, fact === "inner" ? DROPPED.inner : DROPPED.repeat);
    return ingested;
  }
  const drafts = toDrafts(fact, hook, commonFields(hook, context));
  if (drafts.length === 0) drop(ingested, DROPPED.repeat);
  else keep(ingested, drafts);
  return ingested;
}

function toDrafts(
  fact: Exclude<HookFact, "inner" | "repeat"> | undefined,
  hook: Hook,
  common: Partial<EventDraft>,
): EventDraft[] {
  switch (fact) {
    case "tool_request":
      return toolDrafts(
        "tool_start",
        { ...hook, payload: { ...hook.payload, tool_use_id: undefined } },
        common,
      );
    case "tool_start":
    case "tool_end":
    case "tool_failure":
    case "tool_denied":
      return toolDrafts(fact, hook, common);
    case "batch":
      return refusedInBatch(hook, common);
    case "approval":
      return [approvalDraft(hook, common)];
    case "decision":
      return [decisionDraft(hook, common)];
    case "answer":
      return [answerDraft(hook, common)];
    case "prompt":
      return [promptDraft(hook, common)];
    case "agent_start":
    case "agent_stop":
      return [agentDraft(fact, hook, common)];
    case "compact_start":
    case "compact_end":
      return [
        said(hook, common, {
          type: fact === "compact_start" ? "context.compacting" : "context.compacted",
          summary: fact === "compact_start" ? "context is about to be compacted" : "context was compacted",
        }),
      ];
    case "session_start":
      return [said(hook, common, { type: "session.start", summary: "session began" })];
    case "session_end":
      return [said(hook, common, { type: "session.end", summary: "session ended" })];
    case "config":
      return [said(hook, common, { type: "config.change", category: "config", summary: hook.spoken })];
    case "stop":
      return [stopDraft(hook, common)];
    case undefined:
      return [said(hook, common, { type: `hook.${snakeCase(hook.spoken)}`, summary: hook.spoken })];
  }
}

function snakeCase(name: string): string {
  return name
    .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
    .replaceAll(/[^A-Za-z0-9]+/g, "_")
    .toLowerCase();
}

/** What the payload says is the event; its words for people are the summary's end. */
function said(
  hook: Hook,
  common: Partial<EventDraft>,
  kind: { type: string; category?: string; summary: string },
): EventDraft {
  const words = firstName(hook.payload, [
    "last_assistant_message",
    "prompt_response",
    "message",
    "title",
    "task_subject",
    "to_model",
    "action",
    "directory",
    "file_path",
    "worktree_path",
    "source",
    "reason",
    "text",
  ]);
  return {
    ...common,
    type: kind.type,
    category: kind.category ?? "session",
    status: "ok",
    summary: words === undefined ? kind.summary : `${kind.summary}: ${oneLine(words)}`,
    data: rest(hook),
  };
}

function stopDraft(hook: Hook, common: Partial<EventDraft>): EventDraft {
  const { payload, name } = hook;
  const failed =
    name.includes("error") ||
    name.includes("failure") ||
    payload.status === "error" ||
    isObject(payload.error);
  const type =
    name.startsWith("stop") || name.includes("agent") || !failed ? "session.stop" : "session.error";
  const draft = said(hook, common, { type, summary: failed ? "turn failed" : "turn ended" });
  if (!failed) return draft;
  // Claude Code's `error` is the name of a kind, mostly `unknown`; what happened stands beside it.
  const error = isObject(payload.error)
    ? firstText(payload.error, ["message", "name"])
    : firstText(payload, ["error_details", "last_assistant_message", ...HOOK_KEYS.error]);
  return { ...draft, status: "error", severity: "ERROR", error: error ?? "the turn failed" };
}

/** A turn can be given a second prompt while it runs, so the text counts too. */
function promptDraft(hook: Hook, common: Partial<EventDraft>): EventDraft {
  const prompt = firstText(hook.payload, HOOK_KEYS.prompt) ?? textOfParts(hook.payload.parts);
  const turn = firstName(hook.payload, HOOK_KEYS.turn);
  return {
    ...common,
    type: "session.prompt",
    category: "session",
    id: idOf(hook, "prompt", turn === undefined ? undefined : `${turn} ${apart(prompt)}`) ?? null,
    status: "ok",
    summary: oneLine(prompt),
    data: { text: prompt },
  };
}

/** opencode's prompt, without what its program puts beside it. */
function textOfParts(parts: unknown): string {
  const said = Array.isArray(parts)
    ? parts.filter(isObject).filter(({ synthetic }) => synthetic !== true)
    : [];
  return said.map(({ text }) => (typeof text === "string" ? text : "")).join("");
}

/** A sub-agent can be resumed and stop again, so its last words tell one stop from another. */
function agentDraft(fact: "agent_start" | "agent_stop", hook: Hook, common: Partial<EventDraft>): EventDraft {
  const agentId = firstName(hook.payload, HOOK_KEYS.agentId);
  const startId = namedId(hook, "agent started", agentId);
  const { summary, ...fields } = said(hook, common, {
    type: "agent.run",
    category: "run",
    summary: fact === "agent_start" ? "sub-agent starts" : "sub-agent ended",
  });
  const text = summary ?? null;
  if (fact === "agent_start")
    return { ...fields, summary: text, id: startId ?? null, phase: "started", status: "pending" };
  const words = firstText(hook.payload, ["last_assistant_message", "summary"]) ?? "";
  const turn = firstName(hook.payload, HOOK_KEYS.turn) ?? "";
  return {
    ...fields,
    summary: text,
    id:
      idOf(
        hook,
        "agent completed",
        agentId === undefined ? undefined : `${agentId} ${turn} ${apart(words)}`,
      ) ?? null,
    phase: "completed",
    startId: startId ?? null,
  };
}

/** Whatever the payload says beyond what the event's own fields took. */
function rest({ payload }: Hook): JsonObject {
  const { hook_event_name: _name, session_id: _session, transcript_path: _transcript, ...kept } = payload;
  return kept as JsonObject;
}
