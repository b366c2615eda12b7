import { hash } from "node:crypto";
import { canonicalJson } from "../../base/canonical-json.ts";
import { exceedsDepth, isObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { LIMITS } from "../../event/limits.ts";
import { firstName, oneLine } from "../values.ts";
import { kept } from "./pending.ts";

export interface Definition {
  readonly tool: string;
  /** SHA-256, hex, over the definition in the form of RFC 8785, without `_meta`. */
  readonly digest: string;
  /** The bytes that were hashed, as text. */
  readonly canonical: string;
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
    return name === undefined ? [] : [definitionOf(kept(name), tool as JsonObject)];
  });
}

function definitionOf(tool: string, { _meta, ...definition }: JsonObject): Definition {
  const canonical = canonicalJson(definition);
  const description = oneLine(firstName(definition, ["description"]) ?? "");
  return { tool, canonical, digest: hash("sha256", canonical), description };
}

/** Which definition each tool had last. Forgets the oldest where a server has tools without end. */
export class KnownDefinitions {
  readonly #digests = new Map<string, string>();

  digestOf(tool: string): string | undefined {
    return this.#digests.get(tool);
  }

  /** Remembers the definition; tells what it was before, and whether it is another one now. */
  learn({ tool, digest }: Definition): { isNew: boolean; before: string | undefined } {
    const before = this.#digests.get(tool);
    this.#digests.delete(tool);
    this.#digests.set(tool, digest);
    const [oldest] = this.#digests.keys();
    if (this.#digests.size > TOOLS_MAX && oldest !== undefined) this.#digests.delete(oldest);
    return { isNew: before !== digest, before };
  }
}
