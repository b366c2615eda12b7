import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { get } from "../api/events.ts";
import { formatTerm, toFilters } from "../feed/query-text.ts";
import { count, State } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";

interface Touch {
  kind: string;
  value: string;
  count: number;
  first_seen: string;
  last_seen: string;
}

interface Touches {
  data: Touch[];
  meta: { exhausted: boolean };
}

/** A resource whose visitors are asked for. */
interface Thing {
  type: string;
  id: string;
}

/** What an agent touched, and, a click further, who touched that. */
export function TouchesPanel({ agents }: { agents: readonly string[] }) {
  const [agent, setAgent] = useState("");
  const [thing, setThing] = useState<Thing | null>(null);
  return (
    <section className="panel" tabIndex={0} aria-label="What was touched">
      <h2>{thing === null ? "What was touched" : `Who touched ${thing.type} ${thing.id}`}</h2>
      <p>
        {thing === null ? (
          <label>
            by{" "}
            <select className="field" value={agent} onChange={(event) => setAgent(event.target.value)}>
              <option value="">every agent</option>
              {agents.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        ) : (
          <button type="button" className="button" onClick={() => setThing(null)}>
            Back to what was touched
          </button>
        )}
      </p>
      {thing === null ? (
        <Things agent={agent} onThing={setThing} />
      ) : (
        <TouchTable
          asked={toFilters([
            { key: "resource_type", value: thing.type, excluded: false },
            { key: "resource_id", value: thing.id, excluded: false },
          ])}
        />
      )}
    </section>
  );
}

function Things({ agent, onThing }: { agent: string; onThing: (thing: Thing) => void }) {
  const asked = toFilters(agent === "" ? [] : [{ key: "agent", value: agent, excluded: false }]);
  return <TouchTable asked={asked} onThing={onThing} />;
}

function TouchTable({ asked, onThing }: { asked: URLSearchParams; onThing?: (thing: Thing) => void }) {
  const query = asked.toString();
  const { data, error } = useQuery({
    queryKey: ["touches", query],
    queryFn: async () => (await get(`/api/v1/touches?top=15&${query}`)) as Touches,
  });
  if (data === undefined) return <State error={error}>Loading …</State>;
  if (data.data.length === 0) return <p className="soft">No event here names a resource.</p>;
  return (
    <>
      <table>
        <thead>
          <tr>
            <th>What</th>
            <th>Which</th>
            <th className="number">Times</th>
            <th>First</th>
            <th>Last</th>
          </tr>
        </thead>
        <tbody>
          {data.data.map((touch) => (
            <tr key={`${touch.kind} ${touch.value}`}>
              <td>{touch.kind}</td>
              <td className="wide">
                <Which touch={touch} {...(onThing === undefined ? {} : { onThing })} />
              </td>
              <td className="number">{count(touch.count)}</td>
              <td className="mono">
                <Time at={touch.first_seen} />
              </td>
              <td className="mono">
                <Time at={touch.last_seen} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {data.meta.exhausted ? (
        <p className="soft">Of the newest events; older ones were not counted.</p>
      ) : null}
    </>
  );
}

function Which({ touch: { kind, value }, onThing }: { touch: Touch; onThing?: (thing: Thing) => void }) {
  if (onThing !== undefined)
    return (
      <button
        type="button"
        className="linkish"
        title="Who touched it"
        onClick={() => onThing({ type: kind, id: value })}
      >
        {value}
      </button>
    );
  return (
    <Link to="/" search={{ q: formatTerm({ key: kind, value, excluded: false }) }}>
      {value}
    </Link>
  );
}
