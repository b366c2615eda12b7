import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type SubmitEvent, useMemo, useRef } from "react";
import { fetchRuns, fetchRunTree, type RunTree } from "../api/views.ts";
import { duration } from "../feed/format.ts";
import { count, money, State, Status } from "../parts/states.tsx";
import { compareRoute } from "../router.tsx";
import { fetchRunEvents } from "../runs/run-events.ts";
import { tookMs } from "../runs/runs-page.tsx";
import { type Step, toSteps } from "../runs/steps.ts";
import { type Aligned, align } from "./align.ts";
import { Cell, differs, stepName } from "./step-cell.tsx";
import { StepDiff } from "./step-diff.tsx";

const ROW_PX = 32;

/** Two runs side by side: what each did, and where they part. */
export function ComparePage() {
  const { a = "", b = "", step } = compareRoute.useSearch();
  return (
    <div className="page compare">
      <header className="pagehead">
        <h1>Compare runs</h1>
        <Choose key={`${a} ${b}`} a={a} b={b} />
      </header>
      {a === "" || b === "" ? (
        <State>
          <h2>Choose two runs</h2>
          <p>
            Their steps will stand side by side. In the list of <Link to="/runs">runs</Link> two can be
            ticked.
          </p>
        </State>
      ) : (
        <Compared a={a} b={b} step={step === undefined ? undefined : Number(step)} />
      )}
    </div>
  );
}

function Choose({ a, b }: { a: string; b: string }) {
  const navigate = useNavigate();
  const { data } = useQuery({ queryKey: ["runs-to-compare"], queryFn: () => fetchRuns({}, 1) });
  const submit = (submitted: SubmitEvent<HTMLFormElement>): void => {
    submitted.preventDefault();
    const fields = new FormData(submitted.currentTarget);
    const read = (name: string): string => String(fields.get(name) ?? "").trim();
    void navigate({ to: "/runs/compare", search: { a: read("a"), b: read("b") } });
  };
  return (
    <form className="choose" onSubmit={submit}>
      <input
        className="field"
        name="a"
        aria-label="One run"
        placeholder="One run"
        list="runs"
        defaultValue={a}
      />
      <input
        className="field"
        name="b"
        aria-label="The other run"
        placeholder="The other run"
        list="runs"
        defaultValue={b}
      />
      <datalist id="runs">
        {data?.runs.map(({ id, attributes: run }) => (
          <option key={id} value={id}>
            {`${run.agent ?? ""} ${run.status ?? ""}`}
          </option>
        ))}
      </datalist>
      <button type="submit" className="button primary">
        Compare
      </button>
    </form>
  );
}

/** One run with its steps; the first trouble is told in place of both. */
function useRun(id: string) {
  const tree = useQuery({ queryKey: ["run", id], queryFn: () => fetchRunTree(id) });
  const events = useQuery({
    queryKey: ["run-events", id, tree.data?.attributes.events],
    queryFn: ({ signal }) => fetchRunEvents(id, signal),
    enabled: tree.data !== undefined,
  });
  const steps = useMemo(
    () => (events.data === undefined ? null : toSteps(events.data.events)),
    [events.data],
  );
  return { run: tree.data, steps, error: tree.error ?? events.error };
}

function Compared({ a, b, step }: { a: string; b: string; step: number | undefined }) {
  const navigate = useNavigate();
  const [one, other] = [useRun(a), useRun(b)];
  const rows = useMemo(
    () => (one.steps === null || other.steps === null ? null : align(one.steps, other.steps, stepName)),
    [one.steps, other.steps],
  );
  if (one.run === undefined || other.run === undefined || rows === null)
    return <State error={one.error ?? other.error}>Loading …</State>;
  const open = (next: number | undefined): void =>
    void navigate({
      to: "/runs/compare",
      search: { a, b, ...(next === undefined ? {} : { step: String(next) }) },
    });
  const chosen = step === undefined ? undefined : rows[step];
  return (
    <>
      <Summary a={one.run} b={other.run} rows={rows} />
      <div className={chosen === undefined ? "compared" : "compared with-diff"}>
        <Steps rows={rows} open={step} onOpen={open} />
        {chosen === undefined ? null : (
          <StepDiff key={step} a={chosen[0]} b={chosen[1]} onClose={() => open(undefined)} />
        )}
      </div>
    </>
  );
}

/** A figure of both runs, and how far the second is from the first. */
function Summary({ a, b, rows }: { a: RunTree; b: RunTree; rows: ReadonlyArray<Aligned<Step>> }) {
  const [one, other] = [a.attributes, b.attributes];
  const figures: ReadonlyArray<readonly [string, number | null, number | null, (n: number) => string]> = [
    ["took", tookMs(one), tookMs(other), duration],
    ["events", one.events, other.events, count],
    ["failed", one.failures + one.denials, other.failures + other.denials, count],
    ["tokens in", tokensOf(a, "total_input_tokens"), tokensOf(b, "total_input_tokens"), count],
    ["tokens out", tokensOf(a, "total_output_tokens"), tokensOf(b, "total_output_tokens"), count],
    ["cost", costOf(a), costOf(b), (usd) => money(String(usd))],
  ];
  const parted = rows.filter(differs).length;
  return (
    <section className="tablebox flat" tabIndex={0} aria-label="Both runs">
      <table>
        <thead>
          <tr>
            <th>Run</th>
            <th>Status</th>
            {figures.map(([name]) => (
              <th key={name} className="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[a, b].map((run, side) => (
            <tr key={side === 0 ? "a" : "b"}>
              <td className="wide">
                <Link to="/runs/$id" params={{ id: run.id }} search={{}}>
                  {run.id}
                </Link>
              </td>
              <td>
                <Status status={run.attributes.status} />
              </td>
              {figures.map(([name, left, right, say]) => {
                const value = side === 0 ? left : right;
                return (
                  <td key={name} className="number">
                    {value === null ? "–" : say(value)}
                    {side === 1 ? <Change from={left} to={right} say={say} /> : null}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="below soft" role="status">
        {parted === 0
          ? "Every step stands in both, with the same end."
          : `${parted.toLocaleString()} of ${rows.length.toLocaleString()} steps differ, or stand in one run only.`}
      </p>
    </section>
  );
}

function tokensOf(run: RunTree, name: "total_input_tokens" | "total_output_tokens"): number | null {
  return run.totals?.[name] ?? run.attributes[name];
}

function costOf(run: RunTree): number | null {
  const cost = run.totals?.cost_usd ?? run.attributes.cost_usd;
  return cost === null ? null : Number(cost);
}

function Change({ from, to, say }: { from: number | null; to: number | null; say(n: number): string }) {
  if (from === null || to === null || from === to) return null;
  const by = say(Math.abs(to - from));
  return (
    <small className="soft">
      {" "}
      {to > from ? "+" : "−"}
      {by}
    </small>
  );
}

interface StepsProps {
  rows: ReadonlyArray<Aligned<Step>>;
  open: number | undefined;
  onOpen(row: number): void;
}

function Steps({ rows, open, onOpen }: StepsProps) {
  const scroller = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  return (
    <section ref={scroller} className="scroller" aria-label="Steps of both runs" tabIndex={0}>
      <div className="canvas" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = rows[index] as Aligned<Step>;
          return (
            <button
              type="button"
              key={index}
              className={`both ${differs(row) ? "differs" : ""} ${index === open ? "selected" : ""}`}
              aria-current={index === open ? "true" : undefined}
              style={{ transform: `translateY(${start}px)` }}
              onClick={() => onOpen(index)}
            >
              <Cell step={row[0]} other={row[1]} />
              <Cell step={row[1]} other={row[0]} />
            </button>
          );
        })}
      </div>
    </section>
  );
}
