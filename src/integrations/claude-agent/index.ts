import { isObject } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import { fromHook } from "../../ingest/hooks/hook.ts";
import { type AdapterOptions, Recorder, type Target } from "../recorder.ts";
import { type Answer, OpenCalls, type Payload } from "./calls.ts";
import { Messages } from "./messages.ts";

export type { AdapterOptions, Target };

/** A hook of the Claude Agent SDK: what it answers lets everything go on as it would. */
export type ClaudeHook = (input: unknown, toolUseId?: string) => Promise<{ continue: true }>;

export interface ClaudeMatcher {
  hooks: ClaudeHook[];
  /** Seconds. */
  timeout: number;
}

/**
 * What each hook tells becomes an event; `PostToolBatch` is what tells of a call that another hook refused. Not here:
 * `WorktreeCreate`, of which a hook must make the worktree itself.
 */
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
  "DirectoryAdded",
  "TaskCreated",
  "TaskCompleted",
  "WorktreeRemove",
  "PreSkillShellCommand",
  "Stop",
  "StopFailure",
  "SessionEnd",
] as const;

export type ClaudeHookName = (typeof HOOKS)[number];

export interface ClaudeRecorder {
  /** The option `hooks` of `query()`. Its arrays may be joined with others of one's own. */
  readonly hooks: Record<ClaudeHookName, ClaudeMatcher[]>;
  /**
   * Looks at what a query says, and returns it. Of models, tokens and cost, of answers to questions and of calls that an
   * interrupt stopped, no hook tells.
   */
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
  const calls = new OpenCalls();
  // A sub-agent has its name from the payload; whose program this is, its owner knows better.
  const relay = (draft: EventDraft): void => recorder.relay([draft], { knowsAgent: draft.agent === ORIGIN });
  const tell = (input: Payload, toolUseId?: string): void => {
    for (const draft of fromHook(ORIGIN, { input, toolUseID: toolUseId }).drafts) relay(draft);
  };
  const messages = new Messages(recorder, (message) => {
    const { missing, answers } = calls.sees(message);
    for (const payload of missing) tell(payload);
    for (const answer of answers) relay(answerDraft(answer));
  });
  const hook: ClaudeHook = async (input, toolUseId) => {
    recorder.guard("claude-agent hook", () => {
      if (!isObject(input)) return;
      messages.hears(input);
      for (const payload of calls.hears(input, toolUseId)) tell(payload);
      tell(input, toolUseId);
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

/** The answer to a question is where the question is, and known by the same call. */
function answerDraft({ asked, decision, source }: Answer): EventDraft {
  const [request] = fromHook(ORIGIN, asked).drafts;
  const isDenied = decision === "reject";
  return {
    ...request,
    type: "approval.decide",
    id: null,
    status: isDenied ? "denied" : "ok",
    severity: isDenied ? "WARN" : "INFO",
    summary: `${request?.tool}: ${decision}`,
    data: { ...request?.data, decision, ...(source === undefined ? {} : { source }) },
  };
}
