import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { JsonValue } from "../../src/base/json.ts";
import { fetchEvent, type WireEvent } from "../api/events.ts";
import { Icon } from "../design/icons.tsx";
import { duration, fullTime, statusName, what } from "./format.ts";
import { JsonTree, Text } from "./json-tree.tsx";
import { ProofSection } from "./proof.tsx";
import type { Term } from "./query-text.ts";
import { CopyButton } from "./snippet.tsx";

interface Props {
  id: string;
  onClose(): void;
  onOpen(id: string): void;
  onFilter(term: Term): void;
}

export function Detail({ id, onClose, onOpen, onFilter }: Props) {
  const { data: event, error } = useQuery({ queryKey: ["event", id], queryFn: () => fetchEvent(id) });
  return (
    <aside className="detail" aria-label="Event">
      {event === undefined ? (
        <>
          <header>
            <div>
              <h2>{error === null ? "Loading …" : "This event cannot be shown"}</h2>
              <p>{error === null ? id : error.message}</p>
            </div>
            <CloseButton onClose={onClose} />
          </header>
          <div />
        </>
      ) : (
        <Loaded event={event} onClose={onClose} onOpen={onOpen} onFilter={onFilter} />
      )}
    </aside>
  );
}

function CloseButton({ onClose }: { onClose(): void }) {
  return (
    <button
      type="button"
      className="button quiet icon"
      aria-label="Close"
      title="Close (Esc)"
      onClick={onClose}
    >
      <Icon name="close" />
    </button>
  );
}

function Loaded({ event, onClose, onOpen, onFilter }: Omit<Props, "id"> & { event: WireEvent }) {
  const [raw, setRaw] = useState(false);
  const status = statusName(event);
  const json = JSON.stringify(event, null, 2);
  return (
    <>
      <header>
        <div>
          <h2>{what(event).name}</h2>
          <p>
            <span className={`status ${status.name}`}>
              <Icon name={status.name} />
              {status.word}
            </span>{" "}
            {event.phase ?? ""} {duration(event.duration_ms)}
          </p>
        </div>
        <CloseButton onClose={onClose} />
      </header>
      <section className="body" tabIndex={0} aria-label="Details">
        <div className="actions">
          <CopyButton text={event.id} label="Copy id" />
          <CopyButton text={json} label="Copy JSON" />
          <CopyButton text={`curl -s ${location.origin}/api/v1/events/${event.id}`} label="Copy curl" />
          <CopyButton text={location.href} label="Copy link" />
          <button type="button" className="button" aria-pressed={raw} onClick={() => setRaw(!raw)}>
            Raw
          </button>
        </div>
        {raw ? (
          <pre className="raw">{json}</pre>
        ) : (
          <Sections event={event} onOpen={onOpen} onFilter={onFilter} />
        )}
      </section>
    </>
  );
}

type Sectioned = Pick<Props, "onOpen" | "onFilter"> & { event: WireEvent };

/** What a section shows: a label, the event's field, and the key that filters by it. */
type Shown = readonly [label: string, key: string | null, value: (event: WireEvent) => string | null];

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
  ["occurred", null, (event) => fullTime(event.occurred_at)],
  ["recorded", null, (event) => fullTime(event.created_at)],
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

function tokens({ usage }: WireEvent): string | null {
  if (usage === null) return null;
  return Object.entries(usage)
    .map(([key, count]) => `${Number(count).toLocaleString()} ${key}`)
    .join(", ");
}

function Sections({ event, onOpen, onFilter }: Sectioned) {
  const rows = (shown: readonly Shown[]) =>
    shown.map(([name, key, read]) => {
      const value = read(event);
      return value === null ? null : (
        <FieldRow key={name} name={name} filterKey={key} value={value} onFilter={onFilter} />
      );
    });
  const link = (name: string, id: string | null) =>
    id === null ? null : <LinkRow key={name} name={name} id={id} onOpen={onOpen} />;
  return (
    <>
      {event.error === null ? null : (
        <p className={event.status === "denied" ? "failure denied" : "failure"}>{event.error}</p>
      )}
      <Section title="What">{rows(WHAT)}</Section>
      <Section title="Who">{rows(WHO)}</Section>
      <Section title="Belongs to">
        {[...rows(BELONGS), link("started by", event.start_id), link("nested under", event.parent_id)]}
      </Section>
      <Section title="Model">{rows(MODEL)}</Section>
      {Object.keys(event.data).length === 0 ? null : (
        <section>
          <h3>Data</h3>
          <JsonTree value={event.data as JsonValue} />
        </section>
      )}
      <Section title="Record">{rows(RECORD)}</Section>
      <ProofSection key={event.id} event={event} />
    </>
  );
}

function Section({ title, children }: { title: string; children: Array<React.ReactNode> }) {
  if (children.every((child) => child === null)) return null;
  return (
    <section>
      <h3>{title}</h3>
      <dl>{children}</dl>
    </section>
  );
}

function FieldRow({
  name,
  filterKey,
  value,
  onFilter,
}: {
  name: string;
  filterKey: string | null;
  value: string;
  onFilter(term: Term): void;
}) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <span className="value">
          <Text text={value} />
        </span>
        {filterKey === null ? null : (
          <span className="pick">
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
          </span>
        )}
      </dd>
    </>
  );
}

function LinkRow({ name, id, onOpen }: { name: string; id: string; onOpen(id: string): void }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <button type="button" className="link" onClick={() => onOpen(id)}>
          {id}
        </button>
      </dd>
    </>
  );
}
