import { resolve } from "node:path";
import { TrailError } from "./base/error.ts";
import { postgresStateFile, stateFile } from "./emit/state-file.ts";
import type { Store } from "./store/store.ts";
import { createTrail, type Ground } from "./trail/create-trail.ts";
import type { TrailOptions } from "./trail/options.ts";
import type { Trail } from "./trail/trail.ts";

export { isTrailError, TrailError } from "./base/error.ts";
export type { ErrorCode, ErrorKind } from "./base/error-codes.ts";
export type { Flushed, Health, LossReason } from "./emit/health.ts";
export type { Actor, AuditEvent, EventDraft, Resource, Usage } from "./event/event.ts";
export type { Category, Phase, Severity, Status } from "./event/vocabulary.ts";
export type { EventFilter } from "./query/event-filter.ts";
export type { EmitterState, Stats, StoreDescription } from "./store/store.ts";
export { costOf, dropHead, groupTurns, messagesToEvents, toMessages } from "./thread/compaction.ts";
export type { ContentPart, Message } from "./thread/content.ts";
export { encodeNamespace, parseNamespace } from "./thread/keys.ts";
export type { Breach, ThreadEvent } from "./thread/thread-event.ts";
export { displayBreach } from "./thread/thread-event.ts";
export { ThreadGraph } from "./thread/thread-graph.ts";
export type { ToolCall } from "./trail/calls/call.ts";
export type { CallDraft, CallEnd, Completion, Tools } from "./trail/calls/tools.ts";
export type { Completeness } from "./trail/completeness.ts";
export type { Insights } from "./trail/insights/insights.ts";
export { nopTrail } from "./trail/nop-trail.ts";
export type { TrailOptions } from "./trail/options.ts";
export type { Pruned, PruneOptions, Retention, RetentionPolicy } from "./trail/retention.ts";
export type { RunHandle } from "./trail/runs/handle.ts";
export type { Run, RunDraft, RunEnd, RunFilter, RunLog, RunTree } from "./trail/runs/run.ts";
export type { Runs } from "./trail/runs/runs.ts";
export type { ThreadSink } from "./trail/threads/sink.ts";
export type { Threads } from "./trail/threads/threads.ts";
export type { EventPage, EventReader, FollowOptions, ListOptions, Receipt, Trail } from "./trail/trail.ts";

/**
 * Opens a trail. `target` is a file path (SQLite), `:memory:`, the address of a Daybook server
 * (`http(s)://…`), or a PostgreSQL database (`postgres://…`). Returns at once: the store is opened when it is needed, and
 * trouble with it never reaches `record()`, only reads and `recordDurably`. Throws
 * `option.invalid` and `store.unsupported`.
 */
export function openTrail(target: string, options: TrailOptions = {}): Trail {
  return createTrail(groundOf(target, options), options);
}

/** The only place, beside the command line, that names an adapter; each is loaded when asked for. */
function groundOf(target: string, options: TrailOptions): Ground {
  if (typeof target !== "string" || target === "") {
    throw new TrailError("option.invalid", "openTrail needs a target: a file path or :memory:.", {
      field: "target",
    });
  }
  if (target === ":memory:") {
    return {
      openStore: async () => (await import("./store/memory/memory-store.ts")).openMemoryStore(),
      spoolDir: options.spoolDir ?? null,
      keyFile: null,
      secretFile: null,
    };
  }
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(target)?.[1]?.toLowerCase();
  if (scheme === "http" || scheme === "https") return remoteGround(target, options);
  if (scheme === "postgres" || scheme === "postgresql") return postgresGround(target, options);
  if (scheme !== undefined && scheme !== "file") {
    throw new TrailError("store.unsupported", `There is no store for ${scheme}://.`, {
      field: "target",
      fix: "Use a file path for SQLite, postgres://…, the address of a Daybook server, or :memory:.",
    });
  }
  const path = resolve(scheme === "file" ? new URL(target).pathname : target);
  return {
    openStore: async (): Promise<Store> => {
      const { openSqliteStore } = await import("./store/sqlite/sqlite-store.ts");
      return openSqliteStore(
        path,
        options.durability === undefined ? {} : { durability: options.durability },
      );
    },
    keyFile: `${path}.keys`,
    secretFile: `${path}.secret`,
    spoolDir: options.spoolDir === undefined ? `${path}.spool` : resolve(options.spoolDir),
  };
}

/** The database may be away, too. Keys do not belong where the log is, so they are on this machine's disk. */
function postgresGround(address: string, { spoolDir }: TrailOptions): Ground {
  const base = postgresStateFile(address);
  return {
    openStore: async () => (await import("./store/postgres/postgres-store.ts")).openPostgresStore(address),
    spoolDir: resolve(spoolDir ?? `${base}.spool`),
    keyFile: `${base}.keys`,
    secretFile: `${base}.secret`,
  };
}

/** A server may be away for any time, so what is recorded waits on this machine's disk. */
function remoteGround(url: string, { apiKey, spoolDir }: TrailOptions): Ground {
  return {
    openStore: async () => (await import("./store/remote/remote-store.ts")).openRemoteStore(url, { apiKey }),
    spoolDir: resolve(spoolDir ?? `${stateFile(url)}.spool`),
    keyFile: null,
    secretFile: undefined,
    server: url,
  };
}
