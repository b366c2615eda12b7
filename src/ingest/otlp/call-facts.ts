import { isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { first, structured } from "../values.ts";
import { ALIASES } from "./aliases.ts";
import { toolNameOf } from "./fields.ts";
import type { Span } from "./model.ts";
import { messageIn } from "./outcome.ts";

/** Names of classes, not of tools: OpenLLMetry has LangChain.js's, which knows its tool's name only in the answer. */
const CLASSES: ReadonlySet<string> = new Set([
  "DynamicStructuredTool",
  "DynamicTool",
  "StructuredTool",
  "Tool",
]);

export function toolOf({ attributes, name }: Span, result: JsonValue | undefined): string {
  const said = toolNameOf(attributes);
  const answered = messageIn(result)?.name;
  if (typeof answered === "string" && answered !== "" && (said === undefined || CLASSES.has(said)))
    return answered;
  return said ?? (name.replace(/^(?:execute_tool|running tool:?|tool)\s+/i, "") || "unknown");
}

export function argumentsOf({ attributes, events }: Span): JsonValue | undefined {
  const args = structured(first(attributes, ALIASES.arguments));
  if (args !== undefined) return bare(args);
  // Claude Code's spans name the one argument that matters.
  if (typeof attributes.full_command === "string") return { command: attributes.full_command };
  if (typeof attributes.file_path === "string") return { file_path: attributes.file_path };
  const message = events.find(({ name }) => name === "gen_ai.tool.message");
  const said = structured(first(message?.attributes ?? {}, ["content"]));
  return said ?? partIn(detailsIn(events, "gen_ai.input.messages"), "tool_call", ["arguments"]);
}

export function resultOf({ attributes, events }: Span): JsonValue | undefined {
  const said = structured(first(attributes, ALIASES.result));
  if (said !== undefined) return decoded(said);
  const output = events.find(({ name }) => name === "tool.output" || name === "gen_ai.choice");
  if (output === undefined)
    return partIn(detailsIn(events, "gen_ai.output.messages"), "tool_call_response", ["response", "result"]);
  return structured(first(output.attributes, ["output", "content", "message"])) ?? output.attributes;
}

/** Text that was made JSON, as the AI SDK and OpenLLMetry make it. */
function decoded(value: JsonValue): JsonValue {
  if (typeof value !== "string" || !/^".*"$/s.test(value)) return value;
  try {
    return JSON.parse(value) as JsonValue;
  } catch {
    return value;
  }
}

/** Arguments out of what OpenLLMetry wraps them in: `{args: […]}` in JavaScript, `{input_str, inputs}` in Python. */
function bare(args: JsonValue): JsonValue {
  if (!isObject(args)) return args;
  const { args: list, kwargs, input_str: text, inputs } = args;
  if (typeof text === "string") return (isObject(inputs) ? inputs : structured(text)) as JsonValue;
  const isWrapped = Object.keys(args).every((key) => key === "args" || key === "kwargs");
  if (!isWrapped || !Array.isArray(list)) return args;
  if (list.length === 1 && !hasMembers(kwargs)) return structured(list[0]) as JsonValue;
  return list.length === 0 && isObject(kwargs) ? (kwargs as JsonValue) : args;
}

function hasMembers(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length > 0;
}

/** Messages that stand in events of a span: one for each, or, in the newer conventions, all in one attribute. */
export function saidIn(events: Span["events"], key: "input" | "output"): JsonValue | undefined {
  const details = detailsIn(events, `gen_ai.${key}.messages`);
  if (details !== undefined) return details;
  const isOutput = (name: string) => name === "gen_ai.choice";
  const said = events
    .filter(({ name }) => (key === "output" ? isOutput(name) : /^gen_ai\.\w+\.message$/.test(name)))
    .map(({ attributes }) => structured(first(attributes, ["message", "content"])) ?? attributes);
  return said.length > 1 ? (said as JsonValue) : said[0];
}

function detailsIn(events: Span["events"], key: string): JsonValue | undefined {
  const found = events.find(
    ({ name, attributes }) =>
      name === "gen_ai.client.inference.operation.details" && first(attributes, [key]) !== undefined,
  );
  return found === undefined ? undefined : structured(first(found.attributes, [key]));
}

function partIn(messages: JsonValue | undefined, type: string, keys: string[]): JsonValue | undefined {
  const parts = (Array.isArray(messages) ? messages : []).flatMap((message) =>
    isObject(message) && Array.isArray(message.parts) ? message.parts : [],
  );
  const part = parts.find((each): each is JsonObject => isObject(each) && each.type === type);
  return part === undefined ? undefined : structured(first(part, keys));
}
