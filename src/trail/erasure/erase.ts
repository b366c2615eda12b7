import { formatMicros, type Micros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import type { Actor, AuditEvent } from "../../event/event.ts";
import { EVENT_TYPES } from "../../event/vocabulary.ts";
import { protectedIn } from "../../protect/cipher.ts";
import type { Vault } from "../../protect/vault.ts";
import { toConditions } from "../../query/event-filter.ts";
import { matches } from "../../query/matches.ts";
import type { Store } from "../../store/store.ts";
import type { Checkpoint } from "../../tlog/checkpoint.ts";
import { readLog } from "../feed.ts";
import type { Retention } from "../retention.ts";
import { tell } from "./receipt.ts";

export interface EraseOptions {
  /** As the events' `subject` said it. */
  subject: string;
  tenant?: string;
  /** Why: stands in the receipt. Do not name the subject in it. */
  reason?: string;
  actor?: Actor;
  /** Only counts, and says whether a hold stands against it. */
  dryRun?: boolean;
}

export interface Erased {
  /** What stands for the subject in the receipt: an HMAC under a secret of the vault. */
  readonly pseudonym: string;
  /** Events whose payload nobody can read any more. */
  readonly events: number;
  /** The first and the last of them. */
  readonly range: readonly [number, number] | null;
  /** The receipt in the trail; null for a dry run, and where there was nothing to erase. */
  readonly receiptId: string | null;
}

interface Ground {
  readonly tenant: string;
  /** The store itself, which shows what is kept and not what can be read. */
  openRaw(): Promise<Store>;
  flush(): Promise<unknown>;
  retention(tenant: string): Pick<Retention, "holds">;
  seal(store: Store, tenant: string): Promise<Checkpoint | null>;
  readonly vault: Vault;
}

/**
 * Destroys the key of a subject and leaves a receipt. The events stay, with who, when and which tool; their
 * payload cannot be opened again by anybody, wherever a copy of it is. What was begun and not told is told
 * by the next call.
 */
export async function eraseSubject(ground: Ground, options: EraseOptions): Promise<Erased> {
  const { vault } = ground;
  const { subject, tenant = ground.tenant, reason = "", actor = {}, dryRun = false } = options;
  if (typeof subject !== "string" || subject === "")
    throw new TrailError("event.invalid", "subject must be a text with something in it.", {
      field: "subject",
    });
  await ground.flush();
  const store = await ground.openRaw();
  const pseudonym = vault.pseudonym(tenant, subject);
  const living = vault.find(tenant, subject);
  const before = vault.erasure(tenant, subject);
  const keyId = living?.id ?? (before?.isTold === false ? before.keyId : null);
  if (keyId === null) return { pseudonym, events: 0, range: null, receiptId: null };
  const since = living?.since ?? before?.since ?? 0;
  const holds = await ground.retention(tenant).holds();
  const found = await findEvents(store, { tenant, keyId, since }, holds);
  if (living !== null && found.heldBy !== null)
    throw new TrailError("erasure.held", `The hold "${found.heldBy}" stands against it.`, {
      fix: "Release the hold, where you may; nothing was erased.",
    });
  if (dryRun) return { pseudonym, events: found.events, range: found.range, receiptId: null };
  // Sealed before, so that what cannot be read any more is proved to be what was there.
  const sealed = await ground.seal(store, tenant);
  if (living !== null) vault.destroy(tenant, subject);
  const receiptId = await tell(store, {
    tenant,
    type: EVENT_TYPES.erased,
    actor,
    summary: `Erased what ${found.events} events said of one subject`,
    data: {
      subject: pseudonym,
      key_id: keyId,
      events: found.events,
      first_seq: found.range?.[0] ?? null,
      last_seq: found.range?.[1] ?? null,
      recorded_since: formatMicros(since),
      size_before: sealed?.size ?? 0,
      root_before: sealed === null ? null : Buffer.from(sealed.root).toString("base64"),
      policy: reason,
    },
  });
  vault.told(keyId);
  return { pseudonym, events: found.events, range: found.range, receiptId };
}

/** No key is made later than the first event under it is recorded. */
const CLOCK_SLACK: Micros = 3_600_000_000;

async function findEvents(
  store: Store,
  { tenant, keyId, since }: { tenant: string; keyId: string; since: Micros },
  holds: Awaited<ReturnType<Retention["holds"]>>,
): Promise<{ events: number; range: [number, number] | null; heldBy: string | null }> {
  const held = holds.map(({ id, filter }) => ({ id, where: toConditions(filter) }));
  let events = 0;
  let range: [number, number] | null = null;
  let heldBy: string | null = null;
  const where = [{ op: "range" as const, field: "created_at" as const, min: since - CLOCK_SLACK }];
  for await (const event of readLog(async () => store, { tenant, where, after: 0 })) {
    if (!isUnder(event, keyId)) continue;
    events++;
    range = [range?.[0] ?? event.seq, event.seq];
    heldBy ??= held.find((hold) => matches(event, hold.where))?.id ?? null;
  }
  return { events, range, heldBy };
}

function isUnder({ data }: AuditEvent, keyId: string): boolean {
  return protectedIn(data)?.key === keyId;
}
