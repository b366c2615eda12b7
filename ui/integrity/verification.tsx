import { useEffect, useRef, useState } from "react";
import { type Claim, runVerification, type Verdict } from "./log-api.ts";

type Stage =
  | { is: "ready" }
  | { is: "running"; done: number; total: number }
  | { is: "ended"; verdict: Verdict }
  | { is: "failed"; why: string };

/** A whole verification at the server, with its progress, and the verdict in words. */
export function Verification() {
  const [stage, setStage] = useState<Stage>({ is: "ready" });
  const leaving = useRef<AbortController | null>(null);
  useEffect(() => () => leaving.current?.abort(), []);

  const start = (): void => {
    const controller = new AbortController();
    leaving.current = controller;
    setStage({ is: "running", done: 0, total: 0 });
    runVerification((done, total) => setStage({ is: "running", done, total }), controller.signal).then(
      (verdict) => setStage({ is: "ended", verdict }),
      (thrown: Error) => {
        if (controller.signal.aborted) setStage({ is: "ready" });
        else setStage({ is: "failed", why: thrown.message });
      },
    );
  };

  return (
    <section className="panel verification">
      <h2>Verify the whole log</h2>
      <p className="soft">
        Reads every event again and holds it against what was signed. Five claims, each proved, conditional,
        not provable or broken; nothing is changed.
      </p>
      {stage.is === "running" ? (
        <Running stage={stage} onStop={() => leaving.current?.abort()} />
      ) : (
        <button type="button" className="button" onClick={start}>
          {stage.is === "ready" ? "Verify now" : "Verify again"}
        </button>
      )}
      <div role="status">
        {stage.is === "failed" ? <p className="bad">{stage.why}</p> : null}
        {stage.is === "ended" ? <VerdictText verdict={stage.verdict} /> : null}
      </div>
    </section>
  );
}

function Running({ stage, onStop }: { stage: { done: number; total: number }; onStop: () => void }) {
  const { done, total } = stage;
  return (
    <div className="verifying">
      <progress
        aria-label="Events verified"
        max={Math.max(1, total)}
        {...(total === 0 ? {} : { value: done })}
      />
      <span className="mono">
        {total === 0 ? "reading …" : `${done.toLocaleString()} of ${total.toLocaleString()}`}
      </span>
      <button type="button" className="button" onClick={onStop}>
        Stop
      </button>
    </div>
  );
}

function VerdictText({ verdict }: { verdict: Verdict }) {
  const { holds, events, pruned, claims } = verdict;
  const gone = pruned === 0 ? "" : `, ${pruned.toLocaleString()} pruned with receipts`;
  return (
    <div className="verdict">
      <h3 className={holds ? "good" : "bad"}>
        {holds ? "Every claim that can be checked holds" : "Not every claim holds"}
      </h3>
      <p className="soft">
        {events.toLocaleString()} events read{gone}.
      </p>
      <dl>
        {claims.map((claim) => (
          <ClaimText key={claim.claim} claim={claim} />
        ))}
      </dl>
    </div>
  );
}

function ClaimText({ claim: { title, standing, says, conditions } }: { claim: Claim }) {
  const mark = standing === "broken" ? "bad" : standing === "proved" ? "good" : "soft";
  return (
    <div>
      <dt>
        {title} <b className={mark}>{standing}</b>
      </dt>
      <dd>
        {says}
        {conditions.length === 0 ? null : (
          <ul className="soft">
            {conditions.map((condition) => (
              <li key={condition}>On the condition that {condition}</li>
            ))}
          </ul>
        )}
      </dd>
    </div>
  );
}
