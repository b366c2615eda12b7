/** What a hook tells. */
export type HookFact =
  | "tool_start"
  | "tool_end"
  | "tool_failure"
  | "tool_denied"
  | "approval"
  | "prompt"
  | "session_start"
  | "session_end"
  | "stop"
  | "agent_start"
  | "agent_stop"
  | "compact_start"
  | "compact_end"
  | "note"
  | "repeat"
  | "noise";

/**
 * The names that coding agents give their hooks, compared without case, `_`, `-` and `.`. The dialects
 * differ in names more than in meaning, so one table serves all; a name that is not here becomes an
 * event `hook.<name>` rather than vanish.
 */
export const HOOK_FACTS: Readonly<Record<string, HookFact>> = {
  pretooluse: "tool_start",
  beforetool: "tool_start",
  toolexecutebefore: "tool_start",
  beforeshellexecution: "tool_start",
  beforemcpexecution: "tool_start",
  posttooluse: "tool_end",
  aftertool: "tool_end",
  toolexecuteafter: "tool_end",
  aftershellexecution: "tool_end",
  aftermcpexecution: "tool_end",
  afterfileedit: "tool_end",
  posttoolusefailure: "tool_failure",
  erroroccurred: "tool_failure",
  permissiondenied: "tool_denied",
  permissionrequest: "approval",
  permissionask: "approval",
  userpromptsubmit: "prompt",
  userpromptsubmitted: "prompt",
  beforesubmitprompt: "prompt",
  beforeagent: "prompt",
  chatmessage: "prompt",
  sessionstart: "session_start",
  sessionend: "session_end",
  stop: "stop",
  stopfailure: "stop",
  afteragent: "stop",
  agentstop: "stop",
  subagentstart: "agent_start",
  subagentstop: "agent_stop",
  precompact: "compact_start",
  precompress: "compact_start",
  postcompact: "compact_end",
  notification: "note",
  configchange: "note",
  beforereadfile: "note",
  taskcreated: "note",
  taskcompleted: "note",
  afteragentresponse: "note",
  filechanged: "note",
  elicitation: "note",
  elicitationresult: "note",
  premodelswitch: "note",
  postmodelswitch: "note",
  posttoolbatch: "repeat",
  userpromptexpansion: "repeat",
  messagedisplay: "noise",
  instructionsloaded: "noise",
  cwdchanged: "noise",
  directoryadded: "noise",
  setup: "noise",
  beforemodel: "noise",
  aftermodel: "noise",
  beforetoolselection: "noise",
  afteragentthought: "noise",
  teammateidle: "noise",
};

/** Tools whose hook name says which they are. */
export const IMPLIED_TOOLS: Readonly<Record<string, string>> = {
  beforeshellexecution: "shell",
  aftershellexecution: "shell",
  afterfileedit: "edit_file",
};

/** Keys by meaning: snake_case of most, camelCase of some. */
export const HOOK_KEYS = {
  event: ["hook_event_name", "hookEventName", "event", "hook", "type"],
  session: ["session_id", "sessionId", "sessionID", "conversation_id", "conversationId", "thread_id"],
  turn: ["prompt_id", "turn_id", "generation_id", "promptId", "turnId"],
  tool: ["tool_name", "toolName", "tool"],
  args: ["tool_input", "toolArgs", "toolInput", "args", "arguments", "edits"],
  result: ["tool_response", "toolResult", "tool_output", "toolOutput", "result_json", "output", "result"],
  callId: ["tool_use_id", "toolUseId", "tool_call_id", "call_id", "callID", "callId"],
  error: ["error", "error_message", "errorMessage", "reason", "message"],
  duration: ["duration_ms", "durationMs", "duration"],
  prompt: ["prompt", "initialPrompt", "user_prompt", "text"],
  agentId: ["agent_id", "agentId", "subagent_id"],
  agentType: ["agent_type", "agentType", "subagent_type", "agent"],
  model: ["model", "model_id"],
  user: ["user_email", "userEmail", "user_id"],
  time: ["timestamp", "time"],
} as const satisfies Record<string, readonly string[]>;
