import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Forwarder, fetchDeliveries, fetchForwarders, forwarderPath } from "../api/forwarding.ts";
import { State } from "../parts/states.tsx";
import { Act } from "./act.tsx";
import { DeliveryTable } from "./delivery-table.tsx";

export function ForwardersPage() {
  const { data, error, refetch } = useQuery({
    queryKey: ["forwarders"],
    queryFn: fetchForwarders,
    refetchInterval: 5_000,
  });
  const [chosen, setChosen] = useState<string | null>(null);
  const open = chosen ?? data?.[0]?.id ?? null;
  return (
    <div className="page scrolls">
      <header className="pagehead">
        <h1>Forwarders</h1>
        <span className="spacer" />
        <Link className="button" to="/forwarders/new" search={{}}>
          Add one
        </Link>
      </header>
      {data === undefined ? (
        <State error={error}>Loading …</State>
      ) : data.length === 0 ? (
        <State>
          <h2>Events go nowhere else yet</h2>
          <p>
            <Link to="/forwarders/new" search={{}}>
              Add a forwarder
            </Link>
            , or <code>daybook forwarders add siem --type splunk_hec --url https://…</code> sends each event
            on, at least once and in order.
          </p>
        </State>
      ) : (
        <>
          <section className="tablebox flat" tabIndex={0} aria-label="Forwarders">
            <table>
              <thead>
                <tr>
                  <th>Forwarder</th>
                  <th>Type</th>
                  <th>State</th>
                  <th>Environments</th>
                  <th>To</th>
                  <th>
                    <span className="visually-hidden">What to do</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.map((forwarder) => (
                  <Row
                    key={forwarder.id}
                    forwarder={forwarder}
                    isOpen={forwarder.id === open}
                    onOpen={() => setChosen(forwarder.id)}
                    onChange={() => void refetch()}
                  />
                ))}
              </tbody>
            </table>
          </section>
          {open === null ? null : <Deliveries id={open} />}
        </>
      )}
    </div>
  );
}

interface RowProps {
  forwarder: Forwarder;
  isOpen: boolean;
  onOpen(): void;
  onChange(): void;
}

function Row({ forwarder: { id, attributes: forwarder }, isOpen, onOpen, onChange }: RowProps) {
  const { name, forwarder_type: type, alert, paused, environments, configuration } = forwarder;
  const enabled = Object.entries(environments).filter((entry) => entry[1].enabled === true);
  return (
    <tr className={isOpen ? "selected" : ""}>
      <td>
        <button type="button" className="link" onClick={onOpen}>
          {name}
        </button>
      </td>
      <td>
        {type}
        {alert == null ? "" : `, alert: ${alert.kind}`}
      </td>
      <td>{paused ? "paused" : "on"}</td>
      <td>{enabled.map(([environment]) => environment).join(", ")}</td>
      <td className="wide mono">{withoutQuery(configuration.url)}</td>
      <td>
        <Link className="button" to="/forwarders/$id" params={{ id }} search={{}}>
          Edit
        </Link>{" "}
        <Act
          label={paused ? "Resume" : "Pause"}
          to={forwarderPath(id, `/actions/${paused ? "resume" : "pause"}`)}
          then={onChange}
        />
      </td>
    </tr>
  );
}

function Deliveries({ id }: { id: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["deliveries", id],
    queryFn: () => fetchDeliveries(id),
    refetchInterval: 3_000,
  });
  return (
    <section className="panel" tabIndex={0} aria-label={`Deliveries of ${id}`}>
      <h2>Deliveries of {id}</h2>
      <p>
        <Act
          label="Send again what failed"
          to={forwarderPath(id, "/actions/retry_failed_deliveries")}
          then={() => void refetch()}
        />
      </p>
      {data === undefined ? (
        <State error={error}>Loading …</State>
      ) : data.length === 0 ? (
        <p className="soft">None yet: it begins with the next event.</p>
      ) : (
        <DeliveryTable deliveries={data} onChange={() => void refetch()} />
      )}
    </section>
  );
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, "");
}
