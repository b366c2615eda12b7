import { type LeafEntry, readEntry } from "../../event/leaf.ts";
import { eventKey, openText, PROTECTED, protectedIn } from "../../protect/cipher.ts";
import type { Vault } from "../../protect/vault.ts";

/** What opens a payload that is under a subject's key, and what it says; nothing where the key is gone. */
export function openedWith(
  vault: Vault,
  tenant: string,
  { entry, payload }: LeafEntry,
): { key: string; opened: string } | undefined {
  if (!payload.includes(PROTECTED)) return undefined;
  const [, , data] = JSON.parse(payload) as [unknown, unknown, string];
  const sealed = protectedIn(JSON.parse(data));
  const id = readEntry(entry)?.id;
  const subjectKey = sealed === null ? null : vault.keyById(sealed.key);
  if (sealed === null || subjectKey === null || typeof id !== "string") return undefined;
  const key = eventKey(subjectKey, tenant, id);
  const opened = openText(sealed, key, tenant, id);
  return opened === null ? undefined : { key: key.toString("base64"), opened };
}
