import type { AuditEvent } from "../event/event.ts";
import type { Change, Projection } from "./projection.ts";

const VALUES = {
  event_type: (event) => event.type,
  category: (event) => event.category,
  tool: (event) => event.tool,
  agent: (event) => event.agent,
  resource_type: (event) => event.resource.type,
} as const satisfies Record<string, (event: AuditEvent) => string | null>;
type Kind = keyof typeof VALUES;
const KINDS = Object.keys(VALUES) as Kind[];

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

  changes(events, way) {
    const changes = new Map<string, Change>();
    // A sighting outlives its events.
    if (way === "forget") return changes;
    const seen = new Map<string, Seen>();
    for (const event of events) {
      const see = (...names: readonly [kind: string, environment: string, ...values: string[]]): void => {
        const key = keyOf(...names);
        changes.set(key, (doc) => doc ?? sighting(key, event));
      };
      const { environment, type, resource } = event;
      let known = seen.get(environment);
      if (known === undefined) {
        known = nothingSeen();
        seen.set(environment, known);
        see("environment", "", environment);
      }
      for (const kind of KINDS) {
        const value = VALUES[kind](event);
        if (value === null || known[kind].has(value)) continue;
        known[kind].add(value);
        see(kind, environment, value);
      }
      if (resource.type === null) continue;
      let types = known.pairs.get(resource.type);
      if (types === undefined) {
        types = new Set();
        known.pairs.set(resource.type, types);
      }
      if (types.has(type)) continue;
      types.add(type);
      see("pair", environment, resource.type, type);
    }
    return changes;
  },

  entries({ kind, environment, value, of }) {
    const group = JSON.stringify(of === null ? [kind, environment] : [kind, environment, of]);
    return [{ group, sort: value as string }];
  },
};

/** What one batch said of an environment: most of it says the same again. */
type Seen = Record<Kind, Set<string>> & { readonly pairs: Map<string, Set<string>> };

function nothingSeen(): Seen {
  const values = Object.fromEntries(KINDS.map((kind) => [kind, new Set<string>()]));
  return { ...(values as Record<Kind, Set<string>>), pairs: new Map() };
}

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
