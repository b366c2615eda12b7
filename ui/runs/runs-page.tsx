import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { fetchRuns, RUNS_A_PAGE, type Run } from "../api/views.ts";
import { duration } from "../feed/format.ts";
import { Pager } from "../parts/pager.tsx";
import { count, money, State, Status } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { runsRoute } from "../router.tsx";

const STATUSES = ["", "running", "ok", "error", "timeout", "budget_exceeded"];

export function RunsPage() {
  const { agent = "", status = "", page = 1 } = runsRoute.useSearch();
  const navigate = useNavigate();
  const go: Go = (next) => void navigate({ to: "/runs", search: { agent, status, ...next } });
  const { data, error } = useQuery({
    queryKey: ["runs", agent, status, page],
    queryFn: () => fetchRuns({ agent, status }, page),
    refetchInterval: 5_000,
    placeholderData: (before) => before,
  });
  const [ticked, setTicked] = useState<readonly string[]>([]);
  const pages = Math.max(1, Math.ceil((data?.total ?? 0) / RUNS_A_PAGE));
  return (
    <div className="page">
      <header className="pagehead">
        <h1>Runs</h1>
        <span className="soft">{data === undefined ? "" : `${data.total.toLocaleString()} in all`}</span>
        <span className="spacer" />
        <Compare ticked={ticked} />
        <Filters agent={agent} status={status} go={go} />
      </header>
      {data === undefined ? (
        <State error={error}>Loading …</State>
      ) : data.runs.length === 0 ? (
        <State>
          <h2>No runs{agent !== "" || status !== "" ? " match" : " yet"}</h2>
          <p>
            A run is what belongs to one <code>run_id</code>. Agents begin one with{" "}
            <code>trail.runs.begin({"{ skillId }"})</code>, or send <code>run_id</code> with their events.
          </p>
        </State>
      ) : (
        <RunTable
          runs={data.runs}
          ticked={ticked}
          // The last two that were ticked stay.
          onTick={(id, on) =>
            setTicked([...ticked.filter((other) => other !== id), ...(on ? [id] : [])].slice(-2))
          }
        />
      )}
      <Pager name="runs" page={page} pages={pages} isLast={page >= pages} go={(to) => go({ page: to })} />
    </div>
  );
}

/** Leads to two runs side by side, once two are ticked. */
function Compare({ ticked: [a, b] }: { ticked: readonly string[] }) {
  if (a === undefined) return null;
  if (b === undefined) return <span className="soft">Tick another one to compare.</span>;
  return (
    <Link className="button" to="/runs/compare" search={{ a, b }}>
      Compare the two
    </Link>
  );
}

type Go = (next: { agent?: string; status?: string; page?: number }) => void;

function Filters({ agent, status, go }: { agent: string; status: string; go: Go }) {
  return (
    <>
      <input
        key={agent}
        className="field"
        aria-label="Agent"
        placeholder="Agent"
        defaultValue={agent}
        onKeyDown={(key) => {
          if (key.key === "Enter") go({ agent: key.currentTarget.value.trim(), page: 1 });
        }}
      />
      <select
        className="field"
        aria-label="Status"
        value={status}
        onChange={(change) => go({ status: change.target.value, page: 1 })}
      >
        {STATUSES.map((name) => (
          <option key={name} value={name}>
            {name === "" ? "Every status" : name}
          </option>
        ))}
      </select>
    </>
  );
}

interface TableProps {
  runs: readonly Run[];
  ticked: readonly string[];
  onTick(id: string, on: boolean): void;
}

function RunTable({ runs, ticked, onTick }: TableProps) {
  return (
    <section className="tablebox" tabIndex={0} aria-label="Runs, newest first">
      <table>
        <thead>
          <tr>
            <th>
              <span className="visually-hidden">Compare</span>
            </th>
            <th>Started</th>
            <th>Status</th>
            <th>Run</th>
            <th>Agent</th>
            <th className="number">Took</th>
            <th className="number">Calls</th>
            <th className="number">Failed</th>
            <th className="number">Tokens</th>
            <th className="number">Cost</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <RunRow key={run.id} run={run} isTicked={ticked.includes(run.id)} onTick={onTick} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface RowProps {
  run: Run;
  isTicked: boolean;
  onTick(id: string, on: boolean): void;
}

function RunRow({ run: { id, attributes: run }, isTicked, onTick }: RowProps) {
  return (
    <tr>
      <td className="tick">
        <input
          type="checkbox"
          aria-label={`Compare ${id}`}
          checked={isTicked}
          onChange={({ target }) => onTick(id, target.checked)}
        />
      </td>
      <td className="mono">
        <Time at={run.started_at} />
      </td>
      <td>
        <Status status={run.status} />
      </td>
      <td className="wide">
        <Link to="/runs/$id" params={{ id }} search={{}}>
          {run.skill_id === null ? id : `${run.skill_id} · ${id}`}
        </Link>
      </td>
      <td>{run.agent ?? ""}</td>
      <td className="number">{duration(tookMs(run))}</td>
      <td className="number">{count(run.tool_calls_count)}</td>
      <td className={run.failures + run.denials > 0 ? "number bad" : "number"}>
        {count(run.failures + run.denials)}
      </td>
      <td className="number">{count((run.total_input_tokens ?? 0) + (run.total_output_tokens ?? 0))}</td>
      <td className="number">{money(run.cost_usd)}</td>
    </tr>
  );
}

/** Null as long as it runs. */
export function tookMs(run: Run["attributes"]): number | null {
  if (run.runtime_seconds !== null) return Math.round(run.runtime_seconds * 1_000);
  return run.finished_at === null ? null : Date.parse(run.finished_at) - Date.parse(run.started_at);
}
