import { invalid } from "./thread-event.ts";

/** Which conversation of which tenant. */
export interface ThreadKey {
  readonly tenant: string;
  readonly threadId: string;
}

/** Throws `event.invalid` for an empty tenant or thread. */
export function threadKey(tenant: string, threadId: string): ThreadKey {
  if (typeof tenant !== "string" || tenant === "") throw invalid("tenant_id", "must be non-empty");
  if (typeof threadId !== "string" || threadId === "") throw invalid("thread_id", "must be non-empty");
  return { tenant, threadId };
}

/** A place of memory: a tenant and its scopes, outermost first. */
export interface Namespace {
  readonly tenant: string;
  readonly scopes: readonly string[];
}

/** `tenant:scope:scope`, with `:` and `\` escaped by `\`. */
export function encodeNamespace({ tenant, scopes }: Namespace): string {
  return [tenant, ...scopes].map((part) => part.replaceAll(/[\\:]/g, "\\$&")).join(":");
}

/** Throws `event.invalid` for an empty tenant, a `\` at the end, and an escape of anything but `:` and `\`. */
export function parseNamespace(text: string): Namespace {
  const parts: string[] = [];
  let part = "";
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (char === ":") {
      parts.push(part);
      part = "";
      continue;
    }
    if (char === "\\") {
      i++;
      if (i === text.length) throw invalid("namespace_key", "must not end with a backslash");
      if (text[i] !== ":" && text[i] !== "\\") throw invalid("namespace_key", "has an unknown escape");
    }
    part += text[i];
  }
  parts.push(part);
  const [tenant = "", ...scopes] = parts;
  if (tenant === "") throw invalid("namespace_key", "must begin with a tenant");
  return { tenant, scopes };
}
