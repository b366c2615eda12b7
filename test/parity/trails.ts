import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe } from "vitest";
import { openTrail, type Trail, type TrailOptions } from "../../src/index.ts";

/** The trail of the running test. */
export interface OpenTrail {
  readonly trail: Trail;
  /** Another one on the same store, as another process would open it; null where a store is not shared. */
  again(options?: TrailOptions): Trail | null;
}

/** Runs the rules over every embedded store. */
export function onEachStore(name: string, rules: (open: OpenTrail) => void): void {
  describe.each(["memory", "sqlite"])(`${name} (%s)`, (kind) => {
    let folder = "";
    let opened: Trail[] = [];
    let target = ":memory:";
    const openOne = (options: TrailOptions = {}): Trail => {
      const trail = openTrail(target, options);
      opened.push(trail);
      return trail;
    };
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "daybook-"));
      if (kind === "sqlite") target = join(folder, "daybook.db");
      opened = [];
      openOne();
    });
    afterEach(async () => {
      for (const trail of opened) await trail.close();
      await rm(folder, { recursive: true });
    });
    rules({
      get trail() {
        const [first] = opened;
        if (first === undefined) throw new Error("no trail is open");
        return first;
      },
      again: (options) => (kind === "memory" ? null : openOne(options)),
    });
  });
}
