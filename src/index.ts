import { TrailError } from "./base/error.ts";
import type { Store } from "./store/store.ts";
import { createTrail, type TrailOptions } from "./trail/create-trail.ts";
import type { Trail } from "./trail/trail.ts";

export { isTrailError, TrailError } from "./base/error.ts";
export type { AuditEvent, EventDraft } from "./event/event.ts";
export type { EventPage, Receipt, Trail } from "./trail/trail.ts";

/**
 * Opens a trail. `target` is a file path (SQLite) or `:memory:`. Nothing is opened before it is
 * needed, and trouble with the store never reaches `record()`.
 */
export function openTrail(target: string, options: TrailOptions = {}): Trail {
  return createTrail(() => openStore(target), options);
}

/** The only place, beside the command line, that names an adapter; each is loaded when asked for. */
async function openStore(target: string): Promise<Store> {
  if (target === ":memory:") return (await import("./store/memory/memory-store.ts")).openMemoryStore();
  throw new TrailError("store.unsupported", `There is no store for "${target}".`);
}
