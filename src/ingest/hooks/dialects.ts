/** What a hook tells. */
export type HookFact =
  | "tool_request"
  | "tool_start"
  | "tool_end"
  | "tool_failure"
  | "tool_denied"
  | "approval"
  | "decision"
  | "answer"
  | "prompt"
  | "session_start"
  | "session_end"
  | "stop"
  | "agent_start"
  | "agent_stop"
  | "compact_start"
  | "compact_end"
  | "config"
  | "batch"
  | "repeat"
  | "inner";

/**
 * The names that coding agents give their hooks, compared without case, `_`, `-` and `.`. The dialects
 * differ in names more than in meaning, so one table serves all; a name that is not here becomes an
 * event `hook.<name>` rather than vanish. Where the names and keys come from:
 *
 * - Claude Code: recordings of 2.1 (test/samples/claude-code), https://code.claude.com/docs/en/hooks
 * - Codex: the schemas of its repository, openai/codex `codex-rs/hooks/schema/generated`
 * - Gemini CLI: google-gemini/gemini-cli `docs/hooks/reference.md`
 * - Cursor: https://cursor.com/docs/agent/hooks
 * - Copilot CLI: https://docs.github.com/en/copilot/reference/hooks-reference; events that are configured
 *   in camelCase have camelCase keys and no name, those in PascalCase Claude Code's keys
 * - opencode: the types `Hooks` of `@opencode-ai/plugin`, and opencode.ts beside this
 */
const NAMES: Readonly<Record<HookFact, readonly string[]>> = {
  tool_start: [
    "pretooluse",
    "beforetool",
    "toolexecutebefore",
    "beforeshellexecution",
    "beforemcpexecution",
    "beforereadfile",
    "beforetabfileread",
  ],
  // A command in a skill's text: no call of the model's, and nothing tells of its end.
  tool_request: ["preskillshellcommand"],
  tool_end: [
    "posttooluse",
    "aftertool",
    "toolexecuteafter",
    "aftershellexecution",
    "aftermcpexecution",
    "afterfileedit",
    "aftertabfileedit",
  ],
  tool_failure: ["posttoolusefailure"],
  tool_denied: ["permissiondenied"],
  approval: ["permissionrequest", "permissionask", "permissionasked"],
  decision: ["permissionreplied"],
  answer: ["modelanswered"],
  prompt: ["userpromptsubmit", "userpromptsubmitted", "beforesubmitprompt", "beforeagent", "chatmessage"],
  session_start: ["sessionstart", "sessioncreated"],
  session_end: ["sessionend", "sessiondeleted"],
  stop: [
    "stop",
    "stopfailure",
    "afteragent",
    "agentstop",
    "sessionidle",
    "erroroccurred",
    "sessionerror",
    "interrupt",
  ],
  agent_start: ["subagentstart"],
  agent_stop: ["subagentstop"],
  compact_start: ["precompact", "precompress"],
  compact_end: ["postcompact", "sessioncompacted"],
  config: ["configchange", "premodelswitch", "postmodelswitch", "directoryadded"],
  batch: ["posttoolbatch"],
  repeat: ["userpromptexpansion", "repeated"],
  inner: [
    "messagedisplay",
    "instructionsloaded",
    "cwdchanged",
    "setup",
    "teammateidle",
    "beforemodel",
    "aftermodel",
    "precompressauto",
    "premodelrequest",
    "postmodelrequest",
    "beforetoolselection",
    "afteragentthought",
    "messagepartupdated",
    "messagepartremoved",
    "messagepartdelta",
    "messageupdated",
    "messageremoved",
    "sessionupdated",
    "sessionstatus",
    "sessiondiff",
    "chatparams",
    "pluginadded",
    "catalogupdated",
    "referenceupdated",
    "integrationupdated",
    "modelsdevrefreshed",
    "projectupdated",
    "vcsbranchupdated",
    "serverheartbeat",
    "serverinstancedisposed",
    "mcptoolschanged",
    "ptycreated",
    "ptyupdated",
    "ptyexited",
    "ptydeleted",
    "serverconnected",
    "lspclientdiagnostics",
    "lspupdated",
    "filewatcherupdated",
    "installationupdated",
    "tuitoastshow",
    "tuipromptappend",
  ],
};

const FACT_OF: ReadonlyMap<string, HookFact> = new Map(
  Object.entries(NAMES).flatMap(([fact, names]) => names.map((name) => [name, fact as HookFact] as const)),
);

export function hookFact(plainName: string): HookFact | undefined {
  return FACT_OF.get(plainName);
}

/** Tools whose hook name says which they are. */
export const IMPLIED_TOOLS: ReadonlyMap<string, string> = new Map([
  ["beforeshellexecution", "shell"],
  ["aftershellexecution", "shell"],
  ["beforereadfile", "read_file"],
  ["beforetabfileread", "read_file"],
  ["afterfileedit", "edit_file"],
  ["aftertabfileedit", "edit_file"],
]);

/** Keys by meaning: snake_case of most, camelCase of some. */
export const HOOK_KEYS = {
  event: ["hook_event_name", "hookEventName", "hookName", "event", "hook", "type"],
  session: ["session_id", "sessionId", "sessionID", "conversation_id", "conversationId", "thread_id"],
  turn: ["prompt_id", "turn_id", "generation_id", "promptId", "turnId", "messageID"],
  run: ["prompt_id", "turn_id", "generation_id", "promptId", "turnId"],
  thread: ["thread_id", "threadId"],
  tool: ["tool_name", "toolName", "tool"],
  args: ["tool_input", "toolArgs", "toolInput", "args", "arguments", "edits"],
  result: [
    "tool_response",
    "toolResult",
    "tool_result",
    "tool_output",
    "toolOutput",
    "result_json",
    "output",
    "result",
  ],
  callId: [
    "tool_use_id",
    "toolUseId",
    "toolUseID",
    "tool_call_id",
    "toolCallId",
    "call_id",
    "callID",
    "callId",
  ],
  error: ["error", "error_message", "errorMessage", "reason", "message"],
  duration: ["duration_ms", "durationMs", "duration"],
  prompt: ["prompt", "initialPrompt", "initial_prompt", "user_prompt", "text"],
  agentId: ["agent_id", "agentId", "subagent_id"],
  agentType: ["agent_type", "agentType", "subagent_type", "agent_name", "agentName"],
  model: ["model", "model_id", "modelID", "modelId"],
  user: ["user_email", "userEmail", "user_id"],
  time: ["timestamp", "time"],
} as const satisfies Record<string, readonly string[]>;
