import { exceedsDepth, isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { definitionDigest } from "../../event/fingerprint.ts";
import { LIMITS } from "../../event/limits.ts";
import { firstName, oneLine } from "../values.ts";
import { kept } from "./pending.ts";

export interface Definition {
  readonly tool: string;
  readonly digest: string;
  /** All that the server says of the tool; a changed description is a changed tool. */
  readonly definition: JsonObject;
  readonly description: string;
}

/** Tools of one list that are looked at, and names that are remembered. */
const TOOLS_MAX = 1_000;

/** The definitions in an answer to `tools/list`; what has no name or nests without end is none. */
export function definitionsIn(result: JsonValue): Definition[] {
  const tools = isObject(result) && Array.isArray(result.tools) ? result.tools.slice(0, TOOLS_MAX) : [];
  return tools.flatMap((tool) => {
    if (!isObject(tool) || exceedsDepth(tool, LIMITS.dataDepth)) return [];
    const name = firstName(tool, ["name"]);
    if (name === undefined) return [];
    const definition = tool as JsonObject;
    const description = oneLine(firstName(tool, ["description"]) ?? "");
    return [{ tool: kept(name), digest: definitionDigest(definition), definition, description }];
  });
}

/** Which definition each tool had last. Forgets the oldest where a server has tools without end. */
export class KnownDefinitions {
  readonly #digests = new Map<string, string>();

  digestOf(tool: string): string | undefined {
    return this.#digests.get(tool);
  }

  /** Remembers the definition; tells what it was before, and whether it is another one now. */
  learn({ tool, digest }: Pick<Definition, "tool" | "digest">): {
    isNew: boolean;
    before: string | undefined;
  } {
    const before = this.#digests.get(tool);
    this.#digests.delete(tool);
    this.#digests.set(tool, digest);
    const [oldest] = this.#digests.keys();
    if (this.#digests.size > TOOLS_MAX && oldest !== undefined) this.#digests.delete(oldest);
    return { isNew: before !== digest, before };
  }
}
