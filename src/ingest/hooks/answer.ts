import { isObject, type JsonObject } from "../../base/json.ts";
import type { EventDraft, Usage } from "../../event/event.ts";
import { countOf, decimalOf, firstName, firstText, oneLine } from "../values.ts";
import { HOOK_KEYS } from "./dialects.ts";
import { type Hook, namedId } from "./payload.ts";

/** An answer of the model, by opencode's message: its tokens count what is cached beside what is new. */
export function answerDraft(hook: Hook, common: Partial<EventDraft>): EventDraft {
  const { payload } = hook;
  const model = firstName(payload, HOOK_KEYS.model);
  const error = errorOf(payload.error);
  const { created, completed } = isObject(payload.time) ? payload.time : {};
  const took = typeof created === "number" && typeof completed === "number" ? completed - created : undefined;
  const cost = decimalOf(payload, ["cost"]);
  return {
    ...common,
    type: "llm.complete",
    category: "llm",
    id: namedId(hook, "answer", firstName(payload, ["id"])) ?? null,
    phase: "completed",
    status: error === undefined ? "ok" : "error",
    severity: error === undefined ? "INFO" : "ERROR",
    model: model ?? null,
    usage: usageOf(payload.tokens) ?? null,
    // Where it knows no price it says 0.
    costUsd: cost === "0" ? null : (cost ?? null),
    durationMs: took !== undefined && took >= 0 ? took : null,
    occurredAt: typeof completed === "number" ? completed * 1000 : (common.occurredAt ?? null),
    error: error ?? null,
    summary: oneLine(`${model ?? "model"}: ${error ?? "answered"}`, 200),
    data: detailsOf(payload),
  };
}

function usageOf(tokens: unknown): Usage | undefined {
  if (!isObject(tokens)) return undefined;
  const cache = isObject(tokens.cache) ? tokens.cache : {};
  const [cached = 0, written = 0] = [countOf(cache, ["read"]), countOf(cache, ["write"])];
  const [input, output] = [countOf(tokens, ["input"]), countOf(tokens, ["output"])];
  const thinking = countOf(tokens, ["reasoning"]);
  const usage: Usage = {};
  if (input !== undefined) usage.input = input + cached + written;
  // Newer versions count the thoughts beside the output, older ones in it; the total holds them once.
  const total = countOf(tokens, ["total"]);
  const told = total === undefined || input === undefined ? undefined : total - input - cached - written;
  if (output !== undefined) usage.output = told !== undefined && told >= output ? told : output;
  if (cached > 0) usage.cached = cached;
  if (thinking !== undefined) usage.thinking = thinking;
  return Object.keys(usage).length === 0 ? undefined : usage;
}

function detailsOf({ providerID, finish, agent, tokens }: Record<string, unknown>): JsonObject {
  const data: JsonObject = {};
  if (typeof providerID === "string") data.provider = providerID;
  if (typeof finish === "string") data.finish_reason = finish;
  if (typeof agent === "string") data.agent = agent;
  if (isObject(tokens)) data.usage = tokens as JsonObject;
  return data;
}

function errorOf(error: unknown): string | undefined {
  if (!isObject(error)) return undefined;
  const data = isObject(error.data) ? error.data : {};
  return firstText(data, ["message"]) ?? firstName(error, ["name"]) ?? "failed";
}
