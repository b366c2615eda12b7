/** Open strings, known values: anything is stored, these are what Daybook itself writes and shows. */
export const CATEGORIES = [
  "tool_call",
  "skill",
  "channel",
  "approval",
  "schedule",
  "llm",
  "config",
  "session",
  "mcp",
  "safety",
  "run",
] as const;
export const STATUSES = ["ok", "error", "pending", "denied"] as const;

/** Closed: nothing else is accepted. */
export const PHASES = ["started", "completed"] as const;
export const SEVERITIES = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;

export type Known<T extends string> = T | (string & {});
export type Category = Known<(typeof CATEGORIES)[number]>;
export type Status = Known<(typeof STATUSES)[number]>;
export type Phase = (typeof PHASES)[number];
export type Severity = (typeof SEVERITIES)[number];

export const DEFAULT_TENANT = "default";
export const DEFAULT_ENVIRONMENT = "production";
export const DEFAULT_SEVERITY: Severity = "INFO";

/**
 * The tenant in which Daybook writes about itself, so that a tenant's own log holds nothing but what
 * its agents did: an emitter that closes says here how many events it sent (`emitter.closed`, data
 * `{ tenant, emitter_id, emitter_epoch, sent }`), and each change that an administrator makes is an
 * event here (`setting.saved`, `setting.removed`, data `{ tenant, kind, id, value, expected }`).
 * Nobody else can write here, by any door.
 */
export const SYSTEM_TENANT = "daybook";

/**
 * The environment of what Daybook itself tells within a tenant's log: who read what. Nobody else writes
 * here, and only auditors and administrators of the whole tenant read it.
 */
export const PLATFORM_ENVIRONMENT = "smplkit";

/** Resource types that start with this are Daybook's own; a request that uses it is refused with 403. */
export const RESERVED_RESOURCE_PREFIX = "smpl.";

export const EVENT_TYPES = {
  emitterClosed: "emitter.closed",
  trailDropped: "trail.dropped",
  trailRead: "trail.read",
  pruneStarted: "trail.prune_started",
  pruned: "trail.pruned",
  erased: "trail.erased",
  settingSaved: "setting.saved",
  settingRemoved: "setting.removed",
  deliveryRecorded: "delivery.recorded",
  alertFired: "alert.fired",
  logContradicted: "log.contradicted",
  adapterFailed: "adapter.failed",
} as const;
