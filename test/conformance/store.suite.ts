import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../../src/store/store.ts";
import { appendRules } from "./append.rules.ts";
import { emitterRules } from "./emitters.rules.ts";
import { leafRules } from "./leaves.rules.ts";
import { lifeRules } from "./life.rules.ts";
import { listRules } from "./list.rules.ts";
import { matchRules } from "./match.rules.ts";
import { pruneRules } from "./prune.rules.ts";
import { rowRules } from "./rows.rules.ts";
import { statsRules } from "./stats.rules.ts";

export interface OpenedStore {
  readonly store: Store;
  /** Opens the same place again after `store.close()`; absent for a store that keeps nothing. */
  readonly reopen?: () => Promise<Store>;
  /** Frees the place. */
  readonly dispose?: () => Promise<void>;
}

/** What the rules are held against: the store of the running test. */
export interface Subject {
  readonly store: Store;
  /** The same place, closed and opened again; null for a store that keeps nothing. */
  reopened(): Promise<Store | null>;
}

/** Every rule of the port in `src/store/store.ts`. A store is one when it passes; what it lacks it says. */
export function storeSuite(
  name: string,
  open: () => Promise<OpenedStore>,
  { lacksSeals = false }: { lacksSeals?: boolean } = {},
): void {
  describe(`${name} store`, () => {
    let opened: OpenedStore;
    let current: Store;
    const subject: Subject = {
      get store() {
        return current;
      },
      async reopened() {
        if (opened.reopen === undefined) return null;
        await current.close();
        current = await opened.reopen();
        return current;
      },
    };
    beforeEach(async () => {
      opened = await open();
      current = opened.store;
    });
    afterEach(async () => {
      await current.close();
      await opened.dispose?.();
    });

    appendRules(subject);
    listRules(subject);
    statsRules(subject);
    emitterRules(subject);
    lifeRules(subject);
    matchRules(subject);
    rowRules(subject);
    pruneRules(subject);
    if (lacksSeals) refusesSeals(subject);
    else leafRules(subject);

    it("describes itself", async () => {
      const facts = await subject.store.describe();
      expect(facts.kind).toBe(name);
      expect(facts.events).toBe(0);
      expect(facts.schemaVersion).toBeGreaterThan(0);
    });
  });
}

function refusesSeals(subject: Subject): void {
  it("says that leaves and named bytes are not to be had here", async () => {
    const { store } = subject;
    const leaves = { tenant: "default", after: 0, limit: 1, saltKey: new Uint8Array(32) };
    const calls = [
      store.leaves(leaves),
      store.entries(leaves),
      store.blob("default", "x"),
      store.blobNames({ tenant: "default", prefix: "", limit: 1 }),
      store.writeBlobs("default", []),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: "store.unsupported" });
  });
}
