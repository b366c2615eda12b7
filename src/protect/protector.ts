import { parseMicros } from "../base/clock.ts";
import type { WireDraft } from "../event/wire.ts";
import { protect, withhold } from "./cipher.ts";
import type { Vault } from "./vault.ts";

/** Fields by which a trail can tell who an event is about, where its draft does not say. */
export const SUBJECT_FIELDS = [
  "actor_id",
  "conversation_id",
  "thread_id",
  "run_id",
  "resource_id",
  "agent",
] as const;
export type SubjectField = (typeof SUBJECT_FIELDS)[number];

/** Puts what drafts say of a subject under the subject's key, in place. Never throws. */
export class Protector {
  readonly #vault: Vault;
  readonly #from: SubjectField | undefined;
  readonly #onProblem: (problem: unknown) => void;

  constructor(vault: Vault, from: SubjectField | undefined, onProblem: (problem: unknown) => void) {
    this.#vault = vault;
    this.#from = from;
    this.#onProblem = onProblem;
  }

  protect(draft: WireDraft): void {
    const subject = draft.subject ?? (this.#from === undefined ? undefined : draft[this.#from]);
    if (subject === undefined) return;
    delete draft.subject;
    try {
      const erasure = this.#vault.erasure(draft.tenant, subject);
      const at = parseMicros(draft.occurred_at ?? "");
      // Said before the erasure, and late on its way: it was to be gone.
      if (erasure !== null && at !== undefined && at <= erasure.erasedAt) {
        withhold(draft, erasure.keyId);
        return;
      }
      const { id, key } = this.#vault.keyFor(draft.tenant, subject);
      protect(draft, id, key);
    } catch (thrown) {
      // Without a key, what was promised to be erasable must not reach a disk.
      withhold(draft, null);
      this.#onProblem(thrown);
    }
  }
}
