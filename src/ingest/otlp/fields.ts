import type { EventDraft } from "../../event/event.ts";
import { ALIASES, firstText } from "./dialect.ts";
import type { Attributes } from "./model.ts";

export interface OtlpContext {
  tenant?: string;
  environment?: string;
}

/** Instrumentation whose ids of calls and requests are the same in its traces and in its logs. */
export function sharesIds(scope: string): boolean {
  return scope.startsWith("com.anthropic.claude_code");
}

/** The fields that every event of a span or a log record carries. */
export function commonFields(
  attributes: Attributes,
  resource: Attributes,
  scope: string,
  context: OtlpContext,
): Partial<EventDraft> {
  const actor = firstText(attributes, ALIASES.actor);
  const label = firstText(attributes, ["user.email", "user.name"]);
  return {
    tenant: context.tenant ?? null,
    environment: firstText(resource, ALIASES.environment) ?? context.environment ?? null,
    source: "otlp",
    origin: scope === "" ? null : scope,
    app: firstText(resource, ["service.name"]) ?? null,
    agent:
      firstText(attributes, ALIASES.agent) ??
      firstText(resource, ["gen_ai.agent.name", "service.name"]) ??
      null,
    conversationId: firstText(attributes, ALIASES.conversation) ?? null,
    threadId: firstText(attributes, ALIASES.thread) ?? null,
    actor: actor === undefined ? null : { type: "user", id: actor, label: label ?? null },
  };
}

const DENIED: ReadonlySet<string> = new Set([
  "reject",
  "rejected",
  "deny",
  "denied",
  "block",
  "blocked",
  "abort",
  "cancelled",
  "declined",
]);

export function isDenied(decision: string | undefined): boolean {
  return decision !== undefined && DENIED.has(decision.toLowerCase());
}
