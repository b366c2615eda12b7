import type { AuditEvent } from "../event/event.ts";
import type { Projection } from "./projection.ts";

/**
 * What was ever seen, per environment: types of resources, types of events, the pairs of both,
 * categories, tools, agents, and the environments themselves, each with its first sighting by `recordedAt`. A sighting outlives its events. Key: kind,
 * environment and value.
 */
export const catalog: Projection = {
  name: "catalog",
  version: 2,
  environment: "environment",
  isSettled: true,

  keys({ environment, type, category, resource, tool, agent }) {
    const keys = [keyOf("environment", "", environment), keyOf("event_type", environment, type)];
    if (category !== null) keys.push(keyOf("category", environment, category));
    if (tool !== null) keys.push(keyOf("tool", environment, tool));
    if (agent !== null) keys.push(keyOf("agent", environment, agent));
    if (resource.type !== null) {
      keys.push(keyOf("resource_type", environment, resource.type));
      keys.push(keyOf("pair", environment, resource.type, type));
    }
    return keys;
  },

  fold: (doc, event, key) => doc ?? sighting(key, event),

  entries({ kind, environment, value, of }) {
    const group = JSON.stringify(of === null ? [kind, environment] : [kind, environment, of]);
    return [{ group, sort: value as string }];
  },
};

function keyOf(kind: string, environment: string, ...values: string[]): string {
  return JSON.stringify([kind, environment, ...values]);
}

function sighting(rowKey: string, { recordedAt }: AuditEvent) {
  const [kind = "", environment = "", first = "", second] = JSON.parse(rowKey) as string[];
  const pair = second === undefined ? { value: first, of: null } : { value: second, of: first };
  return { kind, environment, ...pair, at: recordedAt };
}

/** The key of the row that says when an environment was first seen. */
export function environmentKey(environment: string): string {
  return keyOf("environment", "", environment);
}

/** The list of a kind in an environment; of event types, those seen with a type of resource. */
export function catalogGroup(kind: string, environment: string, resourceType?: string): string {
  return JSON.stringify(
    resourceType === undefined ? [kind, environment] : ["pair", environment, resourceType],
  );
}
