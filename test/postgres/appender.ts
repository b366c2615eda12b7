import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { lines } from "../conformance/drafts.ts";

/** Appends until it is killed, and says what was acknowledged. */
const [address = "", name = ""] = process.argv.slice(2);
const store = await openPostgresStore(address);
for (;;) {
  const outcomes = await store.append(lines(20, () => ({ agent: name })));
  const known = outcomes.map((outcome) => (outcome.status === "appended" ? [outcome.id, outcome.seq] : []));
  process.stdout.write(`${JSON.stringify(known)}\n`);
}
