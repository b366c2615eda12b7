import { TrailError } from "../../base/error.ts";
import { uuidv7 } from "../../base/uuid.ts";
import { acceptDraft } from "../../event/accept.ts";
import type { Actor } from "../../event/event.ts";
import { SYSTEM_TENANT } from "../../event/vocabulary.ts";
import { encodeDraft } from "../../event/wire.ts";
import type { Store } from "../../store/store.ts";

export interface ReceiptDraft {
  readonly tenant: string;
  readonly type: string;
  readonly actor: Actor;
  readonly summary: string;
  readonly data: object;
}

/**
 * Writes a receipt into the tenant's log, and into Daybook's own, in one commit: what stands there
 * nobody else can have written, so verification believes that one alone. Returns the id of the first.
 */
export async function tell(store: Store, { tenant, data, ...what }: ReceiptDraft): Promise<string> {
  const id = uuidv7();
  const draft = acceptDraft({ ...what, id, tenant, category: "config", source: "daybook", data }, {});
  const witnessed = { ...draft.data, tenant, receipt_id: id };
  const twin = { ...draft, id: uuidv7(), tenant: SYSTEM_TENANT, data: witnessed };
  const outcomes = await store.append([encodeDraft(draft), encodeDraft(twin)]);
  if (outcomes.every(({ status }) => status === "appended")) return id;
  throw new TrailError("store.unavailable", "The receipt of what was done could not be written.");
}
