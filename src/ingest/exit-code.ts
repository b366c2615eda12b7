import { isObject, type JsonValue } from "../base/json.ts";

/**
 * How agents write a command's exit code around its output. Each is bound to the place where the agent puts
 * it, since a command may print such words itself.
 */
const WRITTEN: readonly RegExp[] = [
  // Codex, before the output: its shell, and its long-running one.
  /^(?:(?:Chunk ID|Wall time): [^\n]*\n)*(?:Exit code:?|Process exited with code) (\d+)/,
  // Gemini CLI, after the output.
  /(?:^|\n)Exit Code: (\d+)(?:\n(?:Signal|Background PIDs|Process Group PGID): [^\n]*)*\s*(?:<\/untrusted_context>\s*)?$/,
  // Copilot CLI, as the last line.
  /<(?:(?:shellId: \S{1,40} )?completed|(?:command )?exited) with exit code (\d+)>\s*$/,
];
const LONGEST = 4_096;

/** The exit code that a result of a call tells; undefined where it tells none. */
export function exitCodeIn(result: JsonValue | undefined): number | undefined {
  if (typeof result === "string") return exitCodeOfText(result);
  if (!isObject(result)) return undefined;
  const metadata = isObject(result.metadata) ? result.metadata : {};
  const told = [result.exit_code, result.exitCode, metadata.exit_code, metadata.exitCode, metadata.exit];
  const code = told.find((value) => typeof value === "number");
  if (typeof code === "number") return code;
  const text = [result.llmContent, result.textResultForLlm, result.text_result_for_llm].find(
    (value) => typeof value === "string",
  );
  return typeof text === "string" ? exitCodeOfText(text) : undefined;
}

/** Only the ends of a text are looked at: it is as long as a command's output. */
function exitCodeOfText(text: string): number | undefined {
  const ends = text.length <= LONGEST ? [text] : [text.slice(0, LONGEST), text.slice(-LONGEST)];
  const [start = "", end = start] = ends;
  const [before, ...after] = WRITTEN as [RegExp, ...RegExp[]];
  const found = before.exec(start) ?? after.map((pattern) => pattern.exec(end)).find((it) => it !== null);
  return found?.[1] === undefined ? undefined : Number(found[1]);
}

/**
 * How agents tell the model that a call was not let through: as an error or an ordinary result, never by a
 * status. Bound to the text's beginning, since a file that a tool reads may hold such words.
 */
const REFUSALS: readonly RegExp[] = [
  // Codex: a hook, a person, its rules.
  /^(?:Tool call|Command) blocked by PreToolUse hook\b/,
  /^(?:exec command rejected|patch rejected|rejected by (?:the )?user)\b/i,
  /^[\w.]{1,64} failed(?: for `[^`]*`)?: [^\n]{0,40}\bRejected\(/,
  // Gemini CLI: a hook, a person, its policy.
  /^Tool execution blocked\b/,
  /^(?:\[Operation Cancelled\]|User did not allow tool call|Tool execution denied by policy)/,
  /^Tool "[^"]{1,200}" (?:was cancell?ed by the user|not executed because the user)/,
  // Copilot CLI: a hook, a person, its rules.
  /^Denied by preToolUse hook\b/,
  /^(?:Permission to run this tool was denied|The user rejected this tool call|Permission denied and could not)/,
  // opencode: a person, its rules.
  /^(?:Error: )?The user (?:rejected permission to use this specific tool call|has specified a rule which prevents you from using)/,
  /^Permission(?:Denied|Rejected|Corrected)Error\b/,
];

/** Does a text say that its call was refused? */
export function isRefusal(text: string | undefined): boolean {
  return text !== undefined && REFUSALS.some((pattern) => pattern.test(text));
}
