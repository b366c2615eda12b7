import { TrailError } from "../base/error.ts";
import { acceptDraft, type DraftDefaults } from "../event/accept.ts";
import type { EventDraft } from "../event/event.ts";
import { DEFAULT_TENANT } from "../event/vocabulary.ts";
import { encodeDraft, type WireDraft } from "../event/wire.ts";
import type { Store } from "../store/store.ts";
import { createReader } from "./reader.ts";
import type { Trail } from "./trail.ts";

export interface TrailOptions extends DraftDefaults {}

// Provisional: the emitter replaces the recording half.
export function createTrail(openStore: () => Promise<Store>, options: TrailOptions = {}): Trail {
  let opened: Promise<Store> | undefined;
  const open = (): Promise<Store> => {
    opened ??= openStore();
    return opened;
  };
  const tenant = options.tenant ?? DEFAULT_TENANT;
  let recorded = 0;
  let tail: Promise<unknown> = Promise.resolve();
  const append = async (drafts: readonly WireDraft[]) => (await open()).append(drafts.map(encodeDraft));
  const settled = () => ({ complete: true, persisted: recorded, dropped: 0, pending: 0 });
  const trail: Trail = {
    record(draft: EventDraft) {
      const accepted = acceptDraft(draft, options);
      recorded++;
      tail = tail.then(() => append([accepted]));
      return accepted.id;
    },
    async recordDurably(draft) {
      const [outcome] = await append([acceptDraft(draft, options)]);
      if (outcome === undefined || outcome.status === "rejected")
        throw new TrailError("store.unavailable", "rejected");
      return outcome;
    },
    append,
    async flush() {
      await tail;
      return settled();
    },
    async close() {
      await tail;
      await (await open()).close();
      return settled();
    },
    health: () => ({
      level: "memory",
      recorded,
      queued: 0,
      queuedBytes: 0,
      persisted: recorded,
      adopted: 0,
      dropped: 0,
      droppedBy: {},
      spilled: 0,
      lagMs: 0,
      lastError: null,
    }),
    events: createReader(open, tenant),
    emitters: async (scope = {}) => (await open()).emitters(scope.tenant ?? tenant),
    describe: async () => (await open()).describe(),
    async [Symbol.asyncDispose]() {
      await trail.close();
    },
  };
  return trail;
}
