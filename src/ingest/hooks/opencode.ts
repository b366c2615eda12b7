import { isObject } from "../../base/json.ts";
import { firstName } from "../values.ts";

type Payload = Record<string, unknown>;

/**
 * opencode's bus tells all that happens, in its own shapes; here they become the payloads that the other
 * agents' hooks have. A tool is a part of a message that changes as the call goes on, an answer a message
 * that has its tokens when it is complete. Source: the recordings of 1.2 and 1.18 (test/samples), and the types
 * of `@opencode-ai/sdk`. Undefined for what is told as it is.
 */
export function openCodeEvent(type: string, properties: Payload): Payload | undefined {
  switch (type) {
    case "message.part.updated":
      return partEvent(properties);
    case "message.updated":
      return messageEvent(properties);
    case "session.created":
    case "session.deleted":
      return sessionEvent(type, properties);
    case "session.idle":
      // Our plugin says whose sub-agent it was.
      return typeof properties.parentID === "string"
        ? { ...properties, hook_event_name: "subagentStop", agent_id: properties.sessionID }
        : undefined;
    case "permission.asked":
    case "permission.updated":
      return askedEvent(properties);
    case "permission.replied":
      return repliedEvent(properties);
    default:
      return undefined;
  }
}

const REPEATS = { hook_event_name: "repeated" };

function partEvent({ part, time }: Payload): Payload {
  const state = isObject(part) ? part.state : undefined;
  if (!isObject(part) || !isObject(state)) return REPEATS;
  const { status, input, output, metadata, error, time: took } = state;
  if (status !== "completed" && status !== "error") return REPEATS;
  const { start, end } = isObject(took) ? took : {};
  return {
    hook_event_name: status === "error" ? "PostToolUseFailure" : "PostToolUse",
    sessionID: part.sessionID,
    messageID: part.messageID,
    callID: part.callID,
    tool: part.tool,
    args: input,
    timestamp: end ?? time,
    ...(typeof start === "number" && typeof end === "number" ? { duration_ms: end - start } : {}),
    ...(status === "error" ? { error } : { result: { output, metadata } }),
  };
}

function messageEvent({ info }: Payload): Payload {
  const { completed } = isObject(info) && isObject(info.time) ? info.time : {};
  if (!isObject(info) || info.role !== "assistant") return REPEATS;
  if (completed === undefined && !isObject(info.error)) return REPEATS;
  return { ...info, hook_event_name: "modelAnswered" };
}

function sessionEvent(type: string, { info, ...rest }: Payload): Payload {
  if (!isObject(info)) return { ...rest, hook_event_name: type };
  const { id, parentID, title, agent, time, version } = info;
  const at = isObject(time) ? time.created : undefined;
  const said = { sessionID: id, title, version, timestamp: at };
  return parentID === undefined || type !== "session.created"
    ? { ...said, hook_event_name: type }
    : { ...said, hook_event_name: "subagentStart", agent_id: id, agent_type: agent, parentID };
}

/** The call that a question is about stands beside it, or around it in versions before 1.1. */
function askedEvent(asked: Payload): Payload {
  const call = isObject(asked.tool) ? asked.tool : asked;
  return {
    hook_event_name: "permission.asked",
    approval_id: asked.id,
    sessionID: asked.sessionID,
    messageID: call.messageID,
    callID: call.callID,
    tool: firstName(asked, ["permission", "type"]),
    args: asked.metadata,
    patterns: asked.patterns ?? asked.pattern,
  };
}

function repliedEvent(replied: Payload): Payload {
  return {
    hook_event_name: "permission.replied",
    approval_id: replied.requestID ?? replied.permissionID,
    sessionID: replied.sessionID,
    decision: replied.reply ?? replied.response,
  };
}
