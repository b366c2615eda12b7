import type { WireEvent } from "../api/events.ts";
import { fullTime } from "../feed/format.ts";
import { KEYS, type Term } from "../feed/query-text.ts";
import { Text } from "../parts/json-tree.tsx";
import { useZone, type Zone } from "../parts/zone.ts";

/** The keys of the query, by the fields of an event that each filters. */
export const FIELD_KEYS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(KEYS)
    .filter(([key]) => !["duration", "seq", "at"].includes(key))
    .map(([key, field]) => [field === "resource" ? "resource_id" : field, key]),
);

/** What a section shows: a label, the key that filters by it, and the event's field. */
type Shown = readonly [
  label: string,
  key: string | null,
  value: (event: WireEvent, zone: Zone) => string | null,
];

const WHAT: readonly Shown[] = [
  ["summary", null, (event) => event.description],
  ["type", "type", (event) => event.event_type],
  ["tool", "tool", (event) => event.tool],
  ["category", "category", (event) => event.category],
  ["severity", "severity", (event) => event.severity],
  ["resource", "resource", (event) => event.resource_id],
  ["resource type", "resource_type", (event) => event.resource_type],
  ["destination", "destination", (event) => event.destination],
];
const WHO: readonly Shown[] = [
  ["agent", "agent", (event) => event.agent],
  ["actor", "actor", (event) => event.actor_id],
  ["label", null, (event) => event.actor_label],
  ["app", "app", (event) => event.app],
  ["origin", "origin", (event) => event.origin],
  ["source", "source", (event) => event.source],
  ["environment", "environment", (event) => event.environment],
];
const BELONGS: readonly Shown[] = [
  ["run", "run", (event) => event.run_id],
  ["thread", "thread", (event) => event.thread_id],
  ["conversation", "conversation", (event) => event.conversation_id],
  ["call", "call", (event) => event.call_id],
  ["trace", "trace", (event) => event.trace_id],
  ["span", "span", (event) => event.span_id],
];
const MODEL: readonly Shown[] = [
  ["model", "model", (event) => event.model],
  ["tokens", null, (event) => tokens(event)],
  ["cost", null, (event) => (event.cost_usd === null ? null : `${event.cost_usd} USD`)],
];
const RECORD: readonly Shown[] = [
  ["occurred", null, (event, zone) => fullTime(event.occurred_at, zone)],
  ["recorded", null, (event, zone) => fullTime(event.created_at, zone)],
  ["seq", null, (event) => String(event.seq)],
  ["id", null, (event) => event.id],
  ["emitter", "emitter", (event) => event.emitter_id],
  [
    "number",
    null,
    (event) => (event.emitter_number === null ? null : `${event.emitter_number} of that emitter`),
  ],
  ["key", null, (event) => event.idempotency_key],
  ["forwarding", null, (event) => (event.do_not_forward ? "not forwarded" : null)],
];
const SECTIONS = { What: WHAT, Who: WHO, "Belongs to": BELONGS, Model: MODEL, Record: RECORD };
type Title = keyof typeof SECTIONS;

function tokens({ usage }: WireEvent): string | null {
  if (usage === null) return null;
  return Object.entries(usage)
    .map(([key, count]) => `${Number(count).toLocaleString()} ${key}`)
    .join(", ");
}

interface Props {
  sections: readonly Title[];
  event: WireEvent;
  onFilter(term: Term): void;
}

/** The fields that the event has, each with what filters by it. */
export function Fields({ sections, event, onFilter }: Props) {
  const zone = useZone();
  return sections.map((title) => {
    const rows = SECTIONS[title].flatMap(([name, key, read]) => {
      const value = read(event, zone);
      return value === null ? [] : [{ name, key, value }];
    });
    return rows.length === 0 ? null : (
      <section key={title}>
        <h3>{title}</h3>
        <dl>
          {rows.map(({ name, key, value }) => (
            <FieldRow key={name} name={name} filterKey={key} value={value} onFilter={onFilter} />
          ))}
        </dl>
      </section>
    );
  });
}

interface RowProps {
  name: string;
  filterKey: string | null;
  value: string;
  onFilter(term: Term): void;
}

function FieldRow({ name, filterKey, value, onFilter }: RowProps) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <span className="value">
          <Text text={value} />
        </span>
        {filterKey === null ? null : (
          <span className="pick">
            <Picks name={name} filterKey={filterKey} value={value} onFilter={onFilter} />
          </span>
        )}
      </dd>
    </>
  );
}

/** Two buttons: only events with the value, and only those without it. */
export function Picks({ name, filterKey, value, onFilter }: RowProps & { filterKey: string }) {
  return (
    <>
      <button
        type="button"
        aria-label={`Only ${name} ${value}`}
        title="Show only these"
        onClick={() => onFilter({ key: filterKey, value, excluded: false })}
      >
        +
      </button>
      <button
        type="button"
        aria-label={`Without ${name} ${value}`}
        title="Hide these"
        onClick={() => onFilter({ key: filterKey, value, excluded: true })}
      >
        −
      </button>
    </>
  );
}
