import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, inject, vi } from "vitest";
import { openTrail, type Trail, type TrailOptions } from "../../src/index.ts";
import { freshSchema } from "../postgres/schemas.ts";

/** The trail of the running test. */
export interface OpenTrail {
  readonly trail: Trail;
  /** Another one on the same store, as another process would open it; null where a store is not shared. */
  again(options?: TrailOptions): Trail | null;
}

/** The embedded stores; in the run that has a PostgreSQL, that one. */
const KINDS = inject("postgres") === undefined ? ["memory", "sqlite"] : ["postgres"];

/** Runs the rules over every store. */
export function onEachStore(name: string, rules: (open: OpenTrail) => void): void {
  describe.each(KINDS)(`${name} (%s)`, (kind) => {
    let folder = "";
    let opened: Trail[] = [];
    let target = ":memory:";
    let dropSchema = async (): Promise<void> => undefined;
    const openOne = (options: TrailOptions = {}): Trail => {
      const trail = openTrail(
        target,
        kind === "postgres" ? { spoolDir: join(folder, "spool"), ...options } : options,
      );
      opened.push(trail);
      return trail;
    };
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "daybook-"));
      if (kind === "postgres") {
        const fresh = freshSchema();
        target = fresh.address;
        dropSchema = fresh.drop;
        // Keys of a trail in PostgreSQL are below the home folder.
        vi.stubEnv("HOME", folder);
      }
      if (kind === "sqlite") target = join(folder, "daybook.db");
      opened = [];
      openOne();
    });
    afterEach(async () => {
      for (const trail of opened) await trail.close();
      vi.unstubAllEnvs();
      await dropSchema();
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
