import { useQuery } from "@tanstack/react-query";
import { fetchHead } from "../api/events.ts";
import { fetchCheckpoint } from "../api/views.ts";
import { Snippet } from "../parts/snippet.tsx";
import { Figures, State } from "../parts/states.tsx";
import { Verification } from "./verification.tsx";
import { Gaps, Keys, Witnesses } from "./watched.tsx";

/** What is signed, how far, and how anybody can check it. */
export function IntegrityPage() {
  const checkpoint = useQuery({ queryKey: ["checkpoint"], queryFn: fetchCheckpoint, refetchInterval: 3_000 });
  const head = useQuery({ queryKey: ["head"], queryFn: () => fetchHead(), refetchInterval: 3_000 });
  if (checkpoint.data === undefined) return <State error={checkpoint.error}>Loading …</State>;
  const [origin, size, root] = (checkpoint.data ?? "").split("\n");
  const sealed = Number(size ?? 0);
  return (
    <div className="page scrolls">
      <header className="pagehead">
        <h1>Integrity</h1>
      </header>
      {checkpoint.data === null ? (
        <State>
          <h2>Nothing is sealed yet</h2>
          <p>
            <code>daybook serve</code> signs a checkpoint within two seconds of an event;{" "}
            <code>daybook seal</code> does it now.
          </p>
        </State>
      ) : (
        <>
          <Figures
            figures={[
              ["events in the log", (head.data ?? sealed).toLocaleString()],
              ["sealed", sealed.toLocaleString()],
              ["waiting to be sealed", Math.max(0, (head.data ?? sealed) - sealed).toLocaleString()],
              ["log", origin ?? ""],
            ]}
          />
          <Verification />
          <Witnesses />
          <Gaps />
          <section className="panel">
            <h2>The newest checkpoint</h2>
            <p className="soft">
              A signed note (C2SP): the log's name, how many events it covers, and the root of the Merkle tree
              over all of them <code>{root}</code>. Keep a copy somewhere else, and nobody can rewrite what it
              covers unseen.
            </p>
            <Snippet text={checkpoint.data} />
          </section>
          <Keys />
          <section className="panel">
            <h2>Check it yourself</h2>
            <p className="soft">
              The same verification on your own machine, on this store or on a copy of it:
            </p>
            <Snippet text="daybook verify" />
            <p className="soft">Proof of one event for somebody who trusts neither you nor this server:</p>
            <Snippet text="daybook proof ID > event.tlog-proof" />
            <p className="soft">All of a case, with verifiers in JavaScript and Python:</p>
            <Snippet text="daybook export --run RUN --evidence ./case" />
          </section>
        </>
      )}
    </div>
  );
}
