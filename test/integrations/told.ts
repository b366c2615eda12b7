import { afterEach } from "vitest";
import type { AuditEvent } from "../../src/event/event.ts";
import { openTrail, type Trail } from "../../src/index.ts";

const trails: Trail[] = [];

afterEach(async () => {
  for (const trail of trails.splice(0)) await trail.close();
});

/** A trail in memory that is closed after the test. */
export function memoryTrail(): Trail {
  const trail = openTrail(":memory:", { agent: "clerk" });
  trails.push(trail);
  return trail;
}

/** What was recorded, oldest first. */
export async function eventsOf(trail: Trail): Promise<AuditEvent[]> {
  await trail.flush();
  const { events } = await trail.events.list({ direction: "asc", limit: 1000 });
  return events;
}

/** One event in a line, without what differs from run to run. */
export function line(event: AuditEvent): string {
  const { usage } = event;
  const parts = [
    event.type,
    event.phase ?? "·",
    event.status,
    event.agent,
    event.tool,
    event.callId,
    event.model,
    usage && `${usage.input ?? 0}+${usage.output ?? 0} tokens, ${usage.cached ?? 0} cached`,
    event.error && `“${event.error.split("\n")[0]}”`,
  ];
  return parts.filter((part) => part !== null && part !== undefined && part !== "").join("  ");
}

export async function linesOf(trail: Trail): Promise<string[]> {
  return (await eventsOf(trail)).map(line);
}

/** A trail that was asked to fail closed and cannot record. */
export const refusing = {
  record(): string {
    throw new Error("the disk is full");
  },
};
