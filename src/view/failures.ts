import { hash } from "node:crypto";
import type { JsonObject } from "../base/json.ts";
import type { AuditEvent } from "../event/event.ts";
import { isFailure } from "./measures.ts";
import { onlyIn, type Projection, perEvent, sortable } from "./projection.ts";

const MESSAGE_CHARS = 300;
const AGENTS_MAX = 20;

/**
 * Failures of one kind: the same type, tool and message, but for what differs from case to case
 * (numbers, ids, quoted text, paths). First and last seen go by `occurredAt`. Key: the fingerprint.
 */
export const failures: Projection = {
  name: "failures",
  version: 2,
  environment: "onlyIn",

  changes: perEvent({
    keys: (event) => (isFailure(event) ? [fingerprintOf(event)] : []),

    fold(doc, event, key) {
      const { id, type, tool, environment, occurredAt: at } = event;
      const message = messageOf(event).slice(0, MESSAGE_CHARS);
      const group: JsonObject = doc ?? {
        fingerprint: key,
        type,
        tool,
        count: 0,
        firstAt: at,
        lastAt: at,
        agents: [],
        environments: [],
      };
      group.onlyIn = onlyIn(doc, event);
      group.count = (group.count as number) + 1;
      group.firstAt = Math.min(group.firstAt as number, at);
      if (doc === null || at >= (group.lastAt as number)) {
        group.lastAt = at;
        group.lastId = id;
        group.message = message;
      }
      group.agents = withValue(group.agents as string[], event.agent);
      group.environments = withValue(group.environments as string[], environment);
      return group;
    },

    // What was seen first stays known as long as the kind has cases at all.
    forget(doc) {
      doc.count = (doc.count as number) - 1;
      return doc.count === 0 ? null : doc;
    },
  }),

  entries(doc) {
    const sort = sortable(doc.lastAt as number);
    const tool = typeof doc.tool === "string" ? [{ group: `tool=${doc.tool}`, sort }] : [];
    return [{ group: "all", sort }, ...tool];
  },
};

/** Equal for failures of one kind; 16 hex digits. */
export function fingerprintOf(event: AuditEvent): string {
  const kind = [event.type, event.tool, plain(messageOf(event))];
  return hash("sha256", JSON.stringify(kind), "hex").slice(0, 16);
}

function messageOf({ error, summary }: AuditEvent): string {
  return error ?? summary ?? "";
}

/** The message without what differs from case to case. */
function plain(message: string): string {
  return message
    .slice(0, MESSAGE_CHARS)
    .replace(/"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”/g, "…")
    .replace(/(?:[\w.-]*[/\\])+[\w.-]*/g, "…")
    .replace(/[0-9a-f-]*\d[0-9a-f-]*/gi, "0")
    .replace(/\s+/g, " ")
    .trim();
}

function withValue(values: readonly string[], value: string | null): string[] {
  if (value === null || values.includes(value) || values.length >= AGENTS_MAX) return [...values];
  return [...values, value];
}
