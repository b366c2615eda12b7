import type { Micros } from "../../base/clock.ts";
import type { Time } from "../../query/time.ts";

/** Open string; the vocabulary: running ok error timeout budget_exceeded dry_run. */
export type RunStatus = string;

/** What is told when a run ends. Counts are whole numbers; absent ones stay unknown. */
export interface RunEnd {
  status: RunStatus;
  output?: string | undefined;
  error?: string | undefined;
  toolCalls?: number | undefined;
  runtimeSeconds?: number | undefined;
  inputTokens?: number | undefined;
  outputTokens?: number | undefined;
  thinkingTokens?: number | undefined;
}

/** What is told when a run starts. One that is known to have ended may be told whole. */
export interface RunDraft extends Partial<RunEnd> {
  id: string;
  skillId?: string;
  callerId?: string;
  channelId?: string;
  parentRunId?: string;
  inputs?: Record<string, unknown>;
  /** Default: now. */
  startedAt?: Time;
  finishedAt?: Time | null;
  agent?: string;
  environment?: string;
  threadId?: string;
}

export interface RunLog {
  readonly runId: string;
  /** Whole number; one log each. */
  readonly sequence: number;
  readonly eventType: string;
  readonly payload?: Record<string, unknown>;
  /** Default: now. */
  readonly createdAt?: Time;
}

export interface Run {
  readonly id: string;
  readonly environment: string;
  readonly agent: string | null;
  readonly threadId: string | null;
  readonly skillId: string | null;
  readonly callerId: string | null;
  readonly channelId: string | null;
  readonly parentRunId: string | null;
  readonly inputs: Record<string, unknown>;
  readonly startedAt: Micros;
  /** Null as long as it runs. */
  readonly finishedAt: Micros | null;
  /** Null for a run of which no start is known. */
  readonly status: RunStatus | null;
  readonly output: string | null;
  readonly error: string | null;
  /** As told at the end; else as counted from its events. So are the tokens. */
  readonly toolCallsCount: number;
  readonly runtimeSeconds: number;
  readonly totalInputTokens: number;
  readonly totalOutputTokens: number;
  readonly totalThinkingTokens: number;
  readonly totalCachedTokens: number;
  /** The sum of its events' costs, a decimal string. */
  readonly costUsd: string;
  /** Whether its start is known. */
  readonly begun: boolean;
  /** Events of the run in the log, with its starts, finishes and logs. */
  readonly events: number;
  readonly failures: number;
  readonly denials: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly lastEventAt: Micros;
}

/** Everything given must hold; an empty string is no condition. */
export interface RunFilter {
  /** Default false; asking for the status `dry_run` includes them. */
  includeDryRun?: boolean;
  status?: string;
  skillId?: string;
  callerId?: string;
  channelId?: string;
  parentRunId?: string;
  agent?: string;
  threadId?: string;
  environment?: string;
  /** One of these. */
  environments?: readonly string[];
  /** Only runs without a parent. */
  topLevelOnly?: boolean;
  /** Start at or after, at or before. */
  since?: Time;
  until?: Time;
  /** Ended before. */
  finishedBefore?: Micros;
  /** Last heard of at or before. */
  silentSince?: Micros;
  /** None of these. */
  notStatus?: readonly string[];
  /** Only runs of which the start is known. */
  begunOnly?: boolean;
}

/** A run and what it started, with the sums over all of it. */
export interface RunTree {
  readonly root: RunNode;
  readonly totals: {
    readonly runs: number;
    readonly toolCalls: number;
    readonly failures: number;
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly thinkingTokens: number;
    readonly cachedTokens: number;
    readonly costUsd: string;
  };
  /** True where the tree has more than 10 000 runs: the rest is not in it. */
  readonly isCut: boolean;
}

export interface RunNode {
  readonly run: Run;
  readonly children: RunNode[];
}
