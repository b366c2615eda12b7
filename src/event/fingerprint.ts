import { createHmac, hash } from "node:crypto";
import { canonicalJson } from "../base/canonical.ts";
import type { JsonValue } from "../base/json.ts";

/**
 * What stands for a call's tool and its exact arguments: SHA-256, in hex, of the canonical JSON (RFC
 * 8785) of `[tool, arguments]` behind `daybook/call/v1`. Whoever has it can guess short arguments, so it
 * stays beside the arguments themselves; `fingerprintOf` makes what may be shown.
 */
export function callDigest(tool: string | null, args: JsonValue): string {
  return hash("sha256", `daybook/call/v1\n${canonicalJson([tool, args])}`, "hex");
}

/** What stands for a tool's definition: SHA-256, in hex, of its canonical JSON. */
export function definitionDigest(definition: JsonValue): string {
  return hash("sha256", `daybook/definition/v1\n${canonicalJson(definition)}`, "hex");
}

/** A digest under a tenant's key: equal for equal calls, and nothing to guess from without the key. */
export function fingerprintOf(saltKey: Uint8Array, digest: string): string {
  return createHmac("sha256", saltKey).update(`daybook/fingerprint/v1\n${digest}`).digest("hex").slice(0, 32);
}
