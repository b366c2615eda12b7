import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ApiError, fetchEvent, fetchPage, type WireEvent } from "../api/events.ts";
import { Icon } from "../design/icons.tsx";
import { duration, statusName, summaryOf, what } from "../feed/format.ts";
import type { Term } from "../feed/query-text.ts";

/** Longer chains are cut, and say so. */
const PARENTS_MAX = 30;

interface Props {
  event: WireEvent;
  onOpen(id: string): void;
  onFilter(term: Term): void;
}

/** What the event hangs together with: its other half, and the events that it is nested under. */
export function Related({ event, onOpen, onFilter }: Props) {
  const pair = useQuery({ queryKey: ["pair", event.id], queryFn: () => fetchPair(event) });
  const parents = useQuery({
    queryKey: ["parents", event.id],
    queryFn: () => fetchParents(event),
    enabled: event.parent_id !== null,
  });
  const other = pair.data ?? null;
  const chain = parents.data ?? null;
  return (
    <section aria-label="Hangs together with">
      <h3>Hangs together with</h3>
      {other === null ? null : (
        <p className="pairline">
          <span className="soft">{event.start_id === null ? "Ended by " : "Started by "}</span>
          <EventLink event={other} onOpen={onOpen} />
        </p>
      )}
      {event.phase === "started" && pair.isSuccess && other === null ? (
        <p className="soft">Nothing has ended it yet.</p>
      ) : null}
      {chain === null ? null : <Chain chain={chain} event={event} onOpen={onOpen} />}
      <p className="pairline">
        <button
          type="button"
          className="link"
          onClick={() => onFilter({ key: "parent", value: event.id, excluded: false })}
        >
          Events nested under this one
        </button>
        {event.run_id === null ? null : (
          <>
            {" · "}
            <Link to="/runs/$id" params={{ id: event.run_id }} search={{ event: event.id }}>
              In its run
            </Link>
          </>
        )}
      </p>
    </section>
  );
}

/** The half that began it, or the one that ended it. */
async function fetchPair(event: WireEvent): Promise<WireEvent | null> {
  if (event.start_id !== null) return found(event.start_id);
  if (event.phase !== "started") return null;
  const filters = new URLSearchParams({ "filter[start_id]": event.id.replaceAll(/[\\,]|^-/g, "\\$&") });
  const { events } = await fetchPage(filters, 1);
  return events[0] ?? null;
}

/** Null for an event that is not here: not yet, or no more. */
async function found(id: string): Promise<WireEvent | null> {
  try {
    return await fetchEvent(id);
  } catch (thrown) {
    if (thrown instanceof ApiError && thrown.status === 404) return null;
    throw thrown;
  }
}

interface Parents {
  /** The root first. */
  readonly events: readonly WireEvent[];
  /** Why the chain ends before a root, or null. */
  readonly cut: string | null;
}

async function fetchParents(event: WireEvent): Promise<Parents> {
  const events: WireEvent[] = [];
  const seen = new Set([event.id]);
  let next = event.parent_id;
  while (next !== null) {
    if (seen.has(next)) return { events, cut: "The chain goes in a circle." };
    if (events.length === PARENTS_MAX) return { events, cut: "There are more above." };
    seen.add(next);
    const parent = await found(next);
    if (parent === null) return { events, cut: `${next} is not here.` };
    events.unshift(parent);
    next = parent.parent_id;
  }
  return { events, cut: null };
}

function Chain({ chain, event, onOpen }: { chain: Parents; event: WireEvent; onOpen(id: string): void }) {
  return (
    <ol className="chain" aria-label="Nested under">
      {chain.cut === null ? null : <li className="soft">{chain.cut}</li>}
      {chain.events.map((parent) => (
        <li key={parent.id}>
          <EventLink event={parent} onOpen={onOpen} />
        </li>
      ))}
      <li aria-current="true">
        <b>{what(event).name}</b>
      </li>
    </ol>
  );
}

function EventLink({ event, onOpen }: { event: WireEvent; onOpen(id: string): void }) {
  const { name, word } = statusName(event);
  return (
    <button type="button" className="link eventlink" title={event.id} onClick={() => onOpen(event.id)}>
      <span className={`status ${name}`}>
        <Icon name={name} />
        <span className="visually-hidden">{word}</span>
      </span>
      {what(event).name} {duration(event.duration_ms)}
      <span className="soft"> {summaryOf(event).slice(0, 80)}</span>
    </button>
  );
}
