import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { uuidv7 } from "../../base/uuid.ts";
import type { EventDraft } from "../../event/event.ts";
import { exitCodeIn, isRefusal } from "../exit-code.ts";
import { resourceOf } from "../resource-of.ts";
import { countOf, first, firstName, isDenied, oneLine, structured } from "../values.ts";
import { HOOK_KEYS, IMPLIED_TOOLS } from "./dialects.ts";
import { type Hook, namedId } from "./payload.ts";

export type ToolFact = "tool_start" | "tool_end" | "tool_failure" | "tool_denied";

/**
 * A call with an id gives its started event before and its completed one after, which names the
 * first. Where a dialect has no id (Gemini, some of Cursor's), nothing can tell which of two equal
 * calls ended: there the hook before gives a `tool.request`, and the one after the whole pair, so
 * that no call looks open for ever and none is lost.
 */
export function toolDrafts(fact: ToolFact, hook: Hook, common: Partial<EventDraft>): EventDraft[] {
  const { payload } = hook;
  const tool = toolOf(hook);
  const callId = firstName(payload, HOOK_KEYS.callId);
  const args = argumentsOf(hook);
  const data: JsonObject = args === undefined ? {} : { arguments: args };
  const startId = namedId(hook, "call started", callId);
  const call: EventDraft = {
    ...common,
    type: "tool.execute",
    category: "tool_call",
    tool,
    callId: callId ?? null,
    resource: resourceOf(tool, args),
    destination: serverOf(payload) ?? null,
    data,
  };
  const started: EventDraft = {
    ...call,
    id: startId ?? uuidv7(),
    phase: "started",
    status: "pending",
    summary: `${tool} starts`,
  };
  if (fact === "tool_start")
    return startId === undefined
      ? [{ ...call, type: "tool.request", status: "ok", summary: `${tool} is about to start` }]
      : [started];
  const result = structured(first(payload, HOOK_KEYS.result));
  const durationMs = countOf(payload, HOOK_KEYS.duration);
  const { status, error } = endOf(fact, hook, result);
  const completed: EventDraft = {
    ...call,
    id: namedId(hook, "call completed", callId) ?? null,
    phase: "completed",
    status,
    severity: status === "error" ? "ERROR" : status === "denied" ? "WARN" : "INFO",
    startId: started.id ?? null,
    durationMs: durationMs ?? null,
    error: error ?? null,
    summary: oneLine(error === undefined ? `${tool} ran` : `${tool}: ${error}`, 200),
    data: result === undefined ? data : { ...data, result },
  };
  if (startId !== undefined) return [completed];
  const startedAt = hook.at === undefined ? null : hook.at - (durationMs ?? 0) * 1000;
  return [{ ...started, occurredAt: startedAt }, completed];
}

/** opencode's `tool` is the tool's name; elsewhere it can be the call, with its name inside. */
export function toolOf({ payload, name }: Hook): string {
  return firstName(payload, HOOK_KEYS.tool) ?? IMPLIED_TOOLS.get(name) ?? "unknown";
}

/** Some agents report a failure as an ordinary end; the result says it. */
function endOf(
  fact: ToolFact,
  { payload }: Hook,
  result: JsonValue | undefined,
): { status: "ok" | "error" | "denied"; error?: string } {
  const told = errorIn(payload.error) ?? firstName(payload, HOOK_KEYS.error);
  if (fact === "tool_denied" || isDenied(firstName(payload, ["failure_type"])))
    return { status: "denied", error: told ?? "denied" };
  const error = errorIn(payload.error) ?? (fact === "tool_failure" ? (told ?? "failed") : undefined);
  if (error !== undefined) return { status: isRefusal(error) ? "denied" : "error", error };
  if (typeof result === "string" && isRefusal(result))
    return { status: "denied", error: oneLine(result, 500) };
  return isObject(result) ? endIn(result) : byExitCode(result);
}

function endIn(result: Record<string, unknown>): { status: "ok" | "error" | "denied"; error?: string } {
  const said = errorIn(result.error);
  // Copilot's keys, in its two spellings.
  const kind = firstName(result, ["resultType", "result_type"]);
  const text = said ?? firstName(result, ["textResultForLlm", "text_result_for_llm"]);
  if (kind === "denied" || kind === "rejected") return { status: "denied", error: text ?? "denied" };
  const failed =
    result.success === false ||
    result.is_error === true ||
    result.isError === true ||
    kind === "failure" ||
    said !== undefined;
  if (failed) return { status: isRefusal(text) ? "denied" : "error", error: text ?? "failed" };
  return byExitCode(result as JsonObject);
}

function byExitCode(result: JsonValue | undefined): { status: "ok" | "error"; error?: string } {
  const code = exitCodeIn(result) ?? 0;
  return code === 0 ? { status: "ok" } : { status: "error", error: `exit code ${code}` };
}

function errorIn(error: unknown): string | undefined {
  if (typeof error === "string") return error === "" ? undefined : error;
  return isObject(error) && typeof error.message === "string" ? error.message : undefined;
}

export function argumentsOf({ payload }: Hook): JsonValue | undefined {
  const args = structured(first(payload, HOOK_KEYS.args));
  // Cursor names an edited file beside its edits.
  if (Array.isArray(args) && typeof payload.file_path === "string")
    return { file_path: payload.file_path, edits: args };
  if (args !== undefined) return args;
  if (typeof payload.command === "string") return { command: payload.command };
  return typeof payload.file_path === "string" ? { file_path: payload.file_path } : undefined;
}

function serverOf(payload: Record<string, unknown>): string | undefined {
  const server = payload.mcp_server ?? payload.mcp_context;
  if (isObject(server)) return firstName(server, ["name", "server_name"]);
  return typeof server === "string" ? server : undefined;
}

/** How Claude Code words a refusal to the model. */
const REFUSED =
  /^(?:[\w:]{1,200} hook (?:error|blocked)|Permission to use|Permission for this|The user doesn't want|Claude requested permissions to|This command requires approval|Error: Permission)/;
/** Calls of one batch that are looked at. */
const CALLS_MAX = 200;

/**
 * A batch repeats what its calls' own hooks said, with one exception: a call that was refused never
 * gets a hook of its own, and the batch alone tells how it ended.
 */
export function refusedInBatch(hook: Hook, common: Partial<EventDraft>): EventDraft[] {
  const { tool_calls: all, ...around } = hook.payload;
  const calls = Array.isArray(all) ? all.slice(0, CALLS_MAX).filter(isObject) : [];
  return calls.flatMap((call) => {
    const response = call.tool_response;
    if (typeof response !== "string" || !REFUSED.test(response)) return [];
    const payload = { ...around, ...call, error: response, tool_response: undefined };
    return toolDrafts("tool_denied", { ...hook, payload }, common);
  });
}
