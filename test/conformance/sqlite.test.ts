import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { storeSuite } from "./store.suite.ts";

storeSuite("sqlite", async () => {
  const folder = await mkdtemp(join(tmpdir(), "daybook-"));
  const reopen = () => openSqliteStore(join(folder, "daybook.db"));
  return { store: await reopen(), reopen, dispose: () => rm(folder, { recursive: true }) };
});
