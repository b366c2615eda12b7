import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AuditEvent } from "../../../src/event/event.ts";
import { openTrail } from "../../../src/index.ts";
import { PROGRAM } from "../daybook.ts";

export const serverAt = (name: string): string =>
  fileURLToPath(new URL(`servers/${name}.ts`, import.meta.url));

/** The proxy before the server, as a client starts it. */
export function proxied(folder: string, flags: readonly string[], server: readonly string[]) {
  const args = [
    PROGRAM,
    "mcp-proxy",
    "--db",
    join(folder, "trail.db"),
    ...flags,
    "--",
    process.execPath,
    ...server,
  ];
  return {
    command: process.execPath,
    args,
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", HOME: folder },
  };
}

/** What the proxy left in the trail, oldest first. */
export async function recordedIn(folder: string): Promise<AuditEvent[]> {
  await using trail = openTrail(join(folder, "trail.db"));
  const events: AuditEvent[] = [];
  for await (const event of trail.events.export()) events.push(event);
  return events;
}

/** An event in few words. */
export function words({ type, phase, status, tool, resource }: AuditEvent): string {
  const about = tool ?? (resource.type === "mcp_method" ? null : resource.id);
  return [type, phase, status, about].filter((word) => word !== null).join(" ");
}

export function named(events: readonly AuditEvent[], type: string, phase?: string): AuditEvent[] {
  return events.filter((event) => event.type === type && (phase === undefined || event.phase === phase));
}
