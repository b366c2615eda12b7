import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { storeSuite } from "../conformance/store.suite.ts";
import { freshSchema } from "./schemas.ts";

storeSuite("postgres", async () => {
  const { address, drop } = freshSchema();
  const reopen = () => openPostgresStore(address);
  return { store: await reopen(), reopen, dispose: drop };
});
