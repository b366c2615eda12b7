import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { get } from "../api/events.ts";
import { State, Status } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";

interface Forwarder {
  id: string;
  attributes: {
    name: string;
    forwarder_type: string;
    paused: boolean;
    alert?: { kind: string } | null;
    configuration: { url: string };
    environments: Readonly<Record<string, { enabled?: boolean }>>;
  };
}

interface Delivery {
  id: string;
  attributes: {
    event: string | null;
    status: string;
    attempt_number: number;
    response_status: number | null;
    error: string | null;
    created_at: string;
  };
}

const path = (id: string, rest = ""): string => `/api/v1/forwarders/${encodeURIComponent(id)}${rest}`;

export function ForwardersPage() {
  const { data, error, refetch } = useQuery({
    queryKey: ["forwarders"],
    queryFn: async () => ((await get("/api/v1/forwarders")) as { data: Forwarder[] }).data,
    refetchInterval: 5_000,
  });
  const [chosen, setChosen] = useState<string | null>(null);
  const open = chosen ?? data?.[0]?.id ?? null;
  return (
    <div className="page scrolls">
      <header className="pagehead">
        <h1>Forwarders</h1>
      </header>
      {data === undefined ? (
        <State error={error}>Loading …</State>
      ) : data.length === 0 ? (
        <State>
          <h2>Events go nowhere else yet</h2>
          <p>
            <code>daybook forwarders add siem --type splunk_hec --url https://…</code> sends each event on, at
            least once and in order.
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
        <Act
          label={paused ? "Resume" : "Pause"}
          to={path(id, `/actions/${paused ? "resume" : "pause"}`)}
          then={onChange}
        />
      </td>
    </tr>
  );
}

function Deliveries({ id }: { id: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["deliveries", id],
    queryFn: async () => ((await get(path(id, "/deliveries?page[size]=100"))) as { data: Delivery[] }).data,
    refetchInterval: 3_000,
  });
  return (
    <section className="panel" tabIndex={0} aria-label={`Deliveries of ${id}`}>
      <h2>Deliveries of {id}</h2>
      <p>
        <Act
          label="Send again what failed"
          to={path(id, "/actions/retry_failed_deliveries")}
          then={() => void refetch()}
        />
      </p>
      {data === undefined ? (
        <State error={error}>Loading …</State>
      ) : data.length === 0 ? (
        <p className="soft">None yet: it begins with the next event.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Time</th>
              <th>Status</th>
              <th className="number">Try</th>
              <th>Answer</th>
              <th>Event</th>
            </tr>
          </thead>
          <tbody>
            {data.map(({ id: delivery, attributes: row }) => (
              <tr key={delivery}>
                <td className="mono">
                  <Time at={row.created_at} />
                </td>
                <td>
                  <Status status={STATUS_WORDS[row.status.toUpperCase()] ?? row.status} />
                </td>
                <td className="number">{row.attempt_number}</td>
                <td className="wide">{row.error ?? row.response_status ?? ""}</td>
                <td className="mono">
                  {row.event === null ? "gone" : <a href={`/?event=${row.event}`}>{row.event}</a>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

const STATUS_WORDS: Readonly<Record<string, string>> = { SUCCEEDED: "ok", FAILED: "error" };

/** One request; what went wrong stands beside the button. */
function Act({ label, to, then }: { label: string; to: string; then(): void }) {
  const [trouble, setTrouble] = useState("");
  const act = async (): Promise<void> => {
    const response = await fetch(to, { method: "POST" }).catch(() => null);
    const body = (await response?.json().catch(() => null)) as { error?: string } | null | undefined;
    setTrouble(response?.ok === true ? "" : (body?.error ?? "The server does not answer."));
    then();
  };
  return (
    <>
      <button type="button" className="button" onClick={() => void act()}>
        {label}
      </button>
      {trouble === "" ? null : (
        <span className="bad" role="alert">
          {" "}
          {trouble}
        </span>
      )}
    </>
  );
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, "");
}
