import { isObject } from "../../base/json.ts";
import { fromHook } from "../../ingest/hooks/hook.ts";
import { type AdapterOptions, Recorder, type Target } from "../recorder.ts";
import { Messages } from "./messages.ts";

export type { AdapterOptions, Target };

/** A hook of the Claude Agent SDK: what it answers lets everything go on as it would. */
export type ClaudeHook = (input: unknown, toolUseId?: string) => Promise<{ continue: true }>;

export interface ClaudeMatcher {
  hooks: ClaudeHook[];
  /** Seconds. */
  timeout: number;
}

/** What each hook tells becomes an event; `PostToolBatch` is what tells of a call that another hook refused. */
const HOOKS = [
  "SessionStart",
  "UserPromptSubmit",
  "PreToolUse",
  "PostToolUse",
  "PostToolUseFailure",
  "PostToolBatch",
  "PermissionRequest",
  "PermissionDenied",
  "Elicitation",
  "ElicitationResult",
  "Notification",
  "SubagentStart",
  "SubagentStop",
  "PreCompact",
  "PostCompact",
  "PreModelSwitch",
  "PostModelSwitch",
  "ConfigChange",
  "Stop",
  "StopFailure",
  "SessionEnd",
] as const;

export type ClaudeHookName = (typeof HOOKS)[number];

export interface ClaudeRecorder {
  /** The option `hooks` of `query()`. Its arrays may be joined with others of one's own. */
  readonly hooks: Record<ClaudeHookName, ClaudeMatcher[]>;
  /** Looks at what a query says, and returns it: models, tokens and cost, of which no hook tells. */
  watch<Q extends AsyncIterable<unknown>>(query: Q): Q;
}

const ORIGIN = "claude-code";
const TIMEOUT_SECONDS = 5;

/**
 * Records the Claude Agent SDK: `const claude = recordClaudeAgent(trail);`
 * `claude.watch(query({ prompt, options: { hooks: claude.hooks } }))`. The events are those of Claude Code's hooks
 * by any other door. The hooks never decide anything and never hold a call up.
 *
 * @see https://docs.claude.com/en/api/agent-sdk/hooks
 */
export function recordClaudeAgent(trail: Target, options: AdapterOptions = {}): ClaudeRecorder {
  const recorder = new Recorder(trail, { source: "hook", origin: ORIGIN }, options);
  const messages = new Messages(recorder);
  const hook: ClaudeHook = async (input, toolUseId) => {
    recorder.guard("claude-agent hook", () => {
      if (!isObject(input)) return;
      messages.hears(input);
      const { drafts } = fromHook(ORIGIN, { input, toolUseID: toolUseId });
      // A sub-agent has its name from the payload; whose program this is, its owner knows better.
      for (const draft of drafts) recorder.relay([draft], { knowsAgent: draft.agent === ORIGIN });
    });
    return { continue: true };
  };
  const matchers = HOOKS.map((name): [ClaudeHookName, ClaudeMatcher[]] => [
    name,
    [{ hooks: [hook], timeout: TIMEOUT_SECONDS }],
  ]);
  return {
    hooks: Object.fromEntries(matchers) as Record<ClaudeHookName, ClaudeMatcher[]>,
    watch(query) {
      recorder.guard("claude-agent watch", () => messages.watch(query));
      return query;
    },
  };
}
