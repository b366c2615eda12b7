import { isObject, type JsonValue } from "../base/json.ts";

const PATH_KEYS = ["file_path", "filePath", "notebook_path", "path", "absolute_path"];
const COMMAND_KEYS = ["full_command", "command", "cmd"];

/** What a call was about, where its arguments name it plainly: a file, an address, a command; else the tool. */
export function resourceOf(tool: string, args: JsonValue | undefined): { type: string; id: string } {
  if (isObject(args)) {
    const path = textOf(args, PATH_KEYS);
    if (path !== undefined) return { type: "file", id: path };
    const url = textOf(args, ["url"]);
    if (url !== undefined) return { type: "url", id: url };
    const command = textOf(args, COMMAND_KEYS);
    if (command !== undefined) return { type: "command", id: command };
  }
  return { type: "tool", id: tool };
}

/** Text, or words that make up a command. */
function textOf(args: Record<string, unknown>, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = Object.hasOwn(args, key) ? args[key] : undefined;
    if (typeof value === "string" && value !== "") return value;
    if (Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === "string"))
      return value.join(" ");
  }
  return undefined;
}
