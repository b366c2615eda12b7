import { isObject, type JsonValue } from "../base/json.ts";

const PATH_KEYS = ["file_path", "filePath", "notebook_path", "path", "absolute_path"];

/** What a call was about, where its arguments name it plainly: a file, an address; else the tool. */
export function resourceOf(tool: string, args: JsonValue | undefined): { type: string; id: string } {
  if (isObject(args)) {
    for (const key of PATH_KEYS) {
      const path = args[key];
      if (typeof path === "string" && path !== "") return { type: "file", id: path };
    }
    if (typeof args.url === "string" && args.url !== "") return { type: "url", id: args.url };
  }
  return { type: "tool", id: tool };
}

/** The first line, cut at a whole character: what a list can show. */
export function oneLine(text: string, max = 80): string {
  const line = text.split("\n", 1)[0]?.trim() ?? "";
  const characters = [...line];
  return characters.length <= max ? line : `${characters.slice(0, max - 1).join("")}…`;
}
