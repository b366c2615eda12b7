import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { fetchAncestors, fetchRunTree, type RunTree } from "../api/views.ts";
import { Icon } from "../design/icons.tsx";
import { Detail } from "../event/detail.tsx";
import { duration, statusName, summaryOf, what } from "../feed/format.ts";
import { formatTerm } from "../feed/query-text.ts";
import { CompletenessBadge } from "../parts/completeness.tsx";
import { count, Figures, money, State, Status } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { runRoute } from "../router.tsx";
import { EVENTS_MAX, fetchRunEvents } from "./run-events.ts";
import { tookMs } from "./runs-page.tsx";
import { type Step, toSteps } from "./steps.ts";

const ROW_PX = 30;
const INDENTS_MAX = 12;

export function RunPage() {
  const { id } = runRoute.useParams();
  const { event: openId } = runRoute.useSearch();
  const navigate = useNavigate();
  const open = (event?: string): void =>
    void navigate({ to: "/runs/$id", params: { id }, search: event === undefined ? {} : { event } });
  const tree = useQuery({ queryKey: ["run", id], queryFn: () => fetchRunTree(id), refetchInterval: 5_000 });
  const events = useQuery({
    queryKey: ["run-events", id, tree.data?.attributes.events],
    queryFn: ({ signal }) => fetchRunEvents(id, signal),
    enabled: tree.data !== undefined,
    placeholderData: (before) => before,
  });
  const steps = useMemo(() => toSteps(events.data?.events ?? []), [events.data]);
  if (tree.data === undefined) return <State error={tree.error}>Loading …</State>;
  return (
    <div className={openId === undefined ? "page run" : "page run with-detail"}>
      <div className="runmain">
        <Head run={tree.data} steps={steps} />
        {events.data === undefined ? (
          <State error={events.error}>Loading …</State>
        ) : (
          <Waterfall steps={steps} openId={openId} onOpen={open} />
        )}
        {events.data?.more === true ? (
          <p className="soft below">
            The newest {EVENTS_MAX.toLocaleString()} events.{" "}
            <Link to="/" search={{ q: formatTerm({ key: "run", value: id, excluded: false }) }}>
              All of them
            </Link>
          </p>
        ) : null}
      </div>
      {openId === undefined ? null : (
        <Detail
          id={openId}
          onClose={() => open()}
          onOpen={open}
          onFilter={(term) => void navigate({ to: "/", search: { q: formatTerm(term) } })}
        />
      )}
    </div>
  );
}

function Head({
  run: { id, attributes: run, totals, children },
  steps,
}: {
  run: RunTree;
  steps: readonly Step[];
}) {
  const ancestors = useQuery({
    queryKey: ["ancestors", id],
    queryFn: () => fetchAncestors(id),
    enabled: run.parent_run_id !== null,
  });
  const openCalls = steps.filter(({ isOpen, event }) => isOpen && event.tool !== null).length;
  return (
    <header className="runhead">
      <p className="crumbs">
        <Link to="/runs" search={{}}>
          Runs
        </Link>
        {(ancestors.data ?? []).toReversed().map((ancestor) => (
          <span key={ancestor.id}>
            {" / "}
            <Link to="/runs/$id" params={{ id: ancestor.id }} search={{}}>
              {ancestor.attributes.skill_id ?? ancestor.id}
            </Link>
          </span>
        ))}
      </p>
      <h1>{run.skill_id ?? id}</h1>
      <p className="soft">
        <Status status={run.status} /> {run.agent ?? "no agent"} · {run.environment} ·{" "}
        <Time at={run.started_at} /> · <span className="mono">{id}</span> ·{" "}
        <Link to="/runs/compare" search={{ a: id }}>
          Compare
        </Link>
      </p>
      <p>
        <CompletenessBadge of="runs" id={id} />
      </p>
      {run.error === null ? null : <p className="failure">{run.error}</p>}
      <Figures
        figures={[
          ["took", duration(tookMs(run)) || "still runs"],
          ["events", count(run.events)],
          ["tool calls", count(totals?.tool_calls ?? run.tool_calls_count)],
          ["failed", count(run.failures)],
          ["denied", count(run.denials)],
          ["open calls", count(openCalls)],
          ["tokens in", count(totals?.total_input_tokens ?? run.total_input_tokens)],
          ["tokens out", count(totals?.total_output_tokens ?? run.total_output_tokens)],
          ["cost", money(totals?.cost_usd ?? run.cost_usd)],
        ]}
      />
      {children.length === 0 ? null : (
        <p className="children">
          <span className="soft">Runs below: </span>
          {children.map((child) => (
            <Link key={child.id} className="chip" to="/runs/$id" params={{ id: child.id }} search={{}}>
              {child.attributes.agent ?? child.attributes.skill_id ?? child.id} {child.attributes.status}
            </Link>
          ))}
        </p>
      )}
    </header>
  );
}

interface WaterfallProps {
  steps: readonly Step[];
  openId: string | undefined;
  onOpen(id: string): void;
}

/** The tree of steps, and beside each when it ran, on one scale. */
function Waterfall({ steps, openId, onOpen }: WaterfallProps) {
  const scroller = useRef<HTMLElement>(null);
  const rows = useVirtualizer({
    count: steps.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  const [from, to] = useMemo(() => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const step of steps) {
      low = Math.min(low, step.from);
      high = Math.max(high, step.to);
    }
    return [low, Math.max(high, low + 1)];
  }, [steps]);
  return (
    <section ref={scroller} className="scroller waterfall" aria-label="Steps, in order" tabIndex={0}>
      <div className="canvas" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const step = steps[index] as Step;
          return (
            <button
              type="button"
              key={step.event.id}
              className={isOpenIn(step, openId) ? "step selected" : "step"}
              style={{ transform: `translateY(${start}px)` }}
              onClick={() => onOpen((step.end ?? step.event).id)}
            >
              <StepRow step={step} from={from} span={to - from} />
            </button>
          );
        })}
      </div>
    </section>
  );
}

function isOpenIn({ event, end }: Step, id: string | undefined): boolean {
  return id !== undefined && (event.id === id || end?.id === id);
}

function StepRow({ step, from, span }: { step: Step; from: number; span: number }) {
  const { name } = statusName({ status: step.isOpen ? "pending" : step.status });
  const took = step.to - step.from;
  const left = ((step.from - from) / span) * 100;
  return (
    <>
      <span className="name" style={{ paddingLeft: Math.min(step.depth, INDENTS_MAX) * 14 }}>
        <span className={`status ${name}`}>
          <Icon name={name} />
          <span className="visually-hidden">{step.status ?? ""}</span>
        </span>
        <b>{what(step.event).name}</b>
        <span className="soft">
          {summaryOf(step.end !== null && step.end.error !== null ? step.end : step.event)}
        </span>
      </span>
      <span className="lane" aria-hidden="true">
        <i
          className={`bar ${name}`}
          style={{ left: `${Math.min(left, 99.6)}%`, width: `${Math.max((took / span) * 100, 0.4)}%` }}
        />
      </span>
      <span className="number">
        {step.isOpen ? "open" : duration(took === 0 ? step.event.duration_ms : took)}
      </span>
    </>
  );
}
