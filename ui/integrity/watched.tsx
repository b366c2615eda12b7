import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { fetchEmitters } from "../api/views.ts";
import { Snippet } from "../parts/snippet.tsx";
import { count } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { fetchKeys, fetchWitnesses, type Witness } from "./log-api.ts";

/** Who outside of this machine has seen how much of the log. */
export function Witnesses() {
  const { data = [] } = useQuery({
    queryKey: ["witnesses"],
    queryFn: fetchWitnesses,
    refetchInterval: 5_000,
  });
  return (
    <section className="panel" tabIndex={0} aria-label="Witnesses">
      <h2>Witnesses</h2>
      {data.length === 0 ? (
        <>
          <p className="soft">
            Nobody outside has seen this log: who can change the database and its keys together could set both
            back unseen. Another Daybook witnesses it in two lines, which this prints:
          </p>
          <Snippet text="daybook witness" />
        </>
      ) : (
        <div className="tablebox flat">
          <table>
            <thead>
              <tr>
                <th>Witness</th>
                <th className="number">Events confirmed</th>
                <th>State</th>
              </tr>
            </thead>
            <tbody>
              {data.map((one) => (
                <tr key={one.witness}>
                  <td className="wide" title={one.witness}>
                    {one.witness}
                  </td>
                  <td className="number">{count(one.size)}</td>
                  <td className={one.state === "contradicts" ? "bad" : ""}>{stateOf(one)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function stateOf({ state, problem }: Witness): string {
  const words = {
    confirmed: "confirmed",
    waiting: "not yet up to date",
    contradicts: "SAW ANOTHER HISTORY",
  }[state];
  return problem === null ? words : `${words}: ${problem}`;
}

/** The keys that signed, and those that may not count any more. */
export function Keys() {
  const { data = [] } = useQuery({ queryKey: ["log-keys"], queryFn: fetchKeys });
  if (data.length === 0) return null;
  return (
    <section className="panel">
      <h2>Keys of the log</h2>
      <p className="soft">Tell auditors the active one by another way than this server.</p>
      {data.map(({ verifier, state, since, until }) => (
        <div key={verifier} className="keyrow">
          <p>
            <b className={state === "revoked" ? "bad" : ""}>{state}</b> since <Time at={since} />
            {until === null ? null : (
              <>
                , until <Time at={until} />
              </>
            )}
          </p>
          <Snippet text={verifier} />
        </div>
      ))}
    </section>
  );
}

/** Numbers that emitters used and that never arrived. */
export function Gaps() {
  const { data } = useQuery({ queryKey: ["emitters"], queryFn: fetchEmitters, refetchInterval: 10_000 });
  if (data === undefined) return null;
  const holed = data.filter(({ missing }) => missing.length > 0);
  return (
    <section className="panel">
      <h2>Gaps</h2>
      {holed.length === 0 ? (
        <p className="soft">Nothing is missing of what {count(data.length)} emitters numbered.</p>
      ) : (
        <p>
          <b className="bad">
            {count(holed.length)} of {count(data.length)} emitters
          </b>{" "}
          sent events that never arrived. <Link to="/overview">Agents and tools names their numbers</Link>.
        </p>
      )}
    </section>
  );
}
