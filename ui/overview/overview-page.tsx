import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import {
  type Figures as Counted,
  fetchEmitters,
  fetchFailures,
  fetchStats,
  type Stats,
} from "../api/views.ts";
import { Histogram } from "../explore/histogram.tsx";
import { duration } from "../feed/format.ts";
import { formatTerm } from "../feed/query-text.ts";
import { count, Figures, money, State } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { overviewRoute } from "../router.tsx";
import { Latency } from "./latency.tsx";
import { Newcomers } from "./newcomers.tsx";
import { TouchesPanel } from "./touches.tsx";

const SPANS = { "24h": 24, "7d": 7 * 24, "30d": 30 * 24 } as const;
const ROWS = 12;

export function OverviewPage() {
  const { span = "7d" } = overviewRoute.useSearch();
  const navigate = useNavigate();
  const hours = SPANS[span as keyof typeof SPANS] ?? SPANS["7d"];
  const stats = useQuery({
    queryKey: ["stats", hours],
    queryFn: () => fetchStats(new Date(Date.now() - hours * 3_600_000).toISOString()),
    refetchInterval: 10_000,
    placeholderData: (before) => before,
  });
  return (
    <div className="page scrolls">
      <header className="pagehead">
        <h1>Agents and tools</h1>
        <span className="spacer" />
        <fieldset className="spans">
          <legend className="visually-hidden">Time</legend>
          {Object.keys(SPANS).map((name) => (
            <button
              key={name}
              type="button"
              className="button"
              aria-pressed={name === span}
              onClick={() => void navigate({ to: "/overview", search: { span: name } })}
            >
              {name}
            </button>
          ))}
        </fieldset>
      </header>
      {stats.data === undefined ? (
        <State error={stats.error}>Loading …</State>
      ) : stats.data.totals.events === 0 ? (
        <State>
          <h2>Nothing happened in this time</h2>
          <p>Choose a longer one, or send the first event: the page of events shows how.</p>
        </State>
      ) : (
        <Sections stats={stats.data} />
      )}
      <Failures />
      <Emitters />
    </div>
  );
}

function Failures() {
  const { data, error } = useQuery({
    queryKey: ["failures"],
    queryFn: fetchFailures,
    refetchInterval: 10_000,
  });
  return (
    <section className="panel" tabIndex={0} aria-label="Failures, grouped">
      <h2>Failures, grouped</h2>
      {data === undefined ? (
        <State error={error}>Loading …</State>
      ) : data.length === 0 ? (
        <p className="soft">None.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Message</th>
              <th>Tool</th>
              <th className="number">Count</th>
              <th>First</th>
              <th>Last</th>
            </tr>
          </thead>
          <tbody>
            {data.slice(0, ROWS).map((failure) => (
              <tr key={failure.fingerprint}>
                <td className="wide">
                  <Link to="/" search={{ q: "", event: failure.last_id }}>
                    {failure.message}
                  </Link>
                </td>
                <td>{failure.tool ?? failure.type}</td>
                <td className="number">{count(failure.count)}</td>
                <td className="mono">
                  <Time at={failure.first_seen} />
                </td>
                <td className="mono">
                  <Time at={failure.last_seen} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Sections({ stats }: { stats: Stats }) {
  const { totals, window, by } = stats;
  const navigate = useNavigate();
  return (
    <>
      <Figures
        figures={[
          ["events", count(totals.events)],
          ["failures", count(totals.failures)],
          ["denied", count(totals.statuses.denied ?? 0)],
          ["p50", duration(totals.duration_ms.p50)],
          ["p95", duration(totals.duration_ms.p95)],
          ["p99", duration(totals.duration_ms.p99)],
          ["tokens in", count(totals.tokens.input)],
          ["tokens out", count(totals.tokens.output)],
          ["cost", money(totals.cost_usd)],
        ]}
      />
      <Histogram
        filters=""
        bounds={{ since: window.since }}
        onZoom={(range) => void navigate({ to: "/", search: range })}
      />
      <Latency stats={stats} />
      <div className="panels">
        <Breakdown title="Agents" name="agent" rows={by.agent ?? []} />
        <Breakdown title="Tools" name="tool" rows={by.tool ?? []} />
        <TouchesPanel agents={(by.agent ?? []).map(({ value }) => value)} />
        <Newcomers since={window.since} />
      </div>
    </>
  );
}

function Breakdown({
  title,
  name,
  rows,
}: {
  title: string;
  name: string;
  rows: ReadonlyArray<Counted & { value: string }>;
}) {
  const most = Math.max(1, ...rows.map(({ events }) => events));
  return (
    <section className="panel" tabIndex={0} aria-label={title}>
      <h2>{title}</h2>
      <table>
        <thead>
          <tr>
            <th>{title === "Agents" ? "Agent" : "Tool"}</th>
            <th className="number">Events</th>
            <th className="number">Failed</th>
            <th className="number">p50</th>
            <th className="number">p95</th>
            <th className="number">Cost</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, ROWS).map((row) => (
            <tr key={row.value}>
              <td className="wide">
                <Link to="/" search={{ q: formatTerm({ key: name, value: row.value, excluded: false }) }}>
                  {row.value}
                </Link>
                <meter min={0} max={most} value={row.events} aria-hidden="true" />
              </td>
              <td className="number">{count(row.events)}</td>
              <td className={row.failures > 0 ? "number bad" : "number"}>{count(row.failures)}</td>
              <td className="number">{duration(row.duration_ms.p50)}</td>
              <td className="number">{duration(row.duration_ms.p95)}</td>
              <td className="number">{money(row.cost_usd)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Who numbered events, and whether all of them are here. */
function Emitters() {
  const { data, error } = useQuery({
    queryKey: ["emitters"],
    queryFn: fetchEmitters,
    refetchInterval: 10_000,
  });
  if (data === undefined) return error === null ? null : <State error={error}>{""}</State>;
  const holed = data.filter(({ missing }) => missing.length > 0);
  const whole = data.length - holed.length;
  return (
    <section className="panel" tabIndex={0} aria-label="Completeness">
      <h2>Completeness</h2>
      <p className={holed.length > 0 ? "bad" : "soft"}>
        {whole.toLocaleString()} of {data.length.toLocaleString()} emitters have no gap
      </p>
      {holed.slice(0, ROWS).map(({ id, epoch, received, highest, sent, missing }) => (
        <p key={`${id} ${epoch}`}>
          <code>{id}</code>: {received.toLocaleString()} of {Math.max(sent ?? 0, highest).toLocaleString()},
          missing {missing.map(([low, high]) => (low === high ? low : `${low}–${high}`)).join(", ")}
        </p>
      ))}
    </section>
  );
}
