import type { WireDraft } from "../event/wire.ts";

/** Takes secrets and personal data out of drafts. Stateless between calls, never throws. */
export interface Redactor {
  /**
   * A copy of the draft with `data` copied in depth (so the caller may change his object) and
   * everything that a person or a model can write cleaned: data, error, description, actor_label.
   */
  redact(draft: WireDraft): WireDraft;
  /** One text, cleaned. */
  text(text: string): string;
}
