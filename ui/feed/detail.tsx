import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { JsonValue } from "../../src/base/json.ts";
import { fetchEvent, type WireEvent } from "../api/events.ts";
import { Icon } from "../design/icons.tsx";
import { duration, fullTime, statusName, what } from "./format.ts";
import { JsonTree, Text } from "./json-tree.tsx";
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
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <div className="body" tabIndex={0} role="region" aria-label="Details">
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
      </div>
    </>
  );
}

type Sectioned = Pick<Props, "onOpen" | "onFilter"> & { event: WireEvent };

function Sections({ event, onOpen, onFilter }: Sectioned) {
  const field = (name: string, key: string | null, value: string | null) =>
    value === null ? null : (
      <FieldRow key={name} name={name} filterKey={key} value={value} onFilter={onFilter} />
    );
  const link = (name: string, id: string | null) =>
    id === null ? null : <LinkRow key={name} name={name} id={id} onOpen={onOpen} />;
  const usage =
    event.usage === null
      ? null
      : Object.entries(event.usage)
          .map(([key, count]) => `${Number(count).toLocaleString()} ${key}`)
          .join(", ");
  return (
    <>
      {event.error === null ? null : (
        <p className={event.status === "denied" ? "failure denied" : "failure"}>{event.error}</p>
      )}
      <Section title="What">
        {field("summary", null, event.description)}
        {field("type", "type", event.event_type)}
        {field("tool", "tool", event.tool)}
        {field("category", "category", event.category)}
        {field("severity", "severity", event.severity)}
        {field("resource", "resource", event.resource_id === null ? null : event.resource_id)}
        {field("resource type", "resource_type", event.resource_type)}
        {field("destination", "destination", event.destination)}
      </Section>
      <Section title="Who">
        {field("agent", "agent", event.agent)}
        {field("actor", "actor", event.actor_id)}
        {field("label", null, event.actor_label)}
        {field("app", "app", event.app)}
        {field("origin", "origin", event.origin)}
        {field("source", "source", event.source)}
        {field("environment", "environment", event.environment)}
      </Section>
      <Section title="Belongs to">
        {field("run", "run", event.run_id)}
        {field("thread", "thread", event.thread_id)}
        {field("conversation", "conversation", event.conversation_id)}
        {field("call", "call", event.call_id)}
        {link("started by", event.start_id)}
        {link("nested under", event.parent_id)}
        {field("trace", "trace", event.trace_id)}
        {field("span", "span", event.span_id)}
      </Section>
      <Section title="Model">
        {field("model", "model", event.model)}
        {field("tokens", null, usage)}
        {field("cost", null, event.cost_usd === null ? null : `${event.cost_usd} USD`)}
      </Section>
      {Object.keys(event.data).length === 0 ? null : (
        <section>
          <h3>Data</h3>
          <JsonTree value={event.data as JsonValue} />
        </section>
      )}
      <Section title="Record">
        {field("occurred", null, fullTime(event.occurred_at))}
        {field("recorded", null, fullTime(event.created_at))}
        {field("seq", null, String(event.seq))}
        {field("id", null, event.id)}
        {field("emitter", "emitter", event.emitter_id)}
        {field(
          "number",
          null,
          event.emitter_number === null ? null : `${event.emitter_number} of that emitter`,
        )}
        {field("key", null, event.idempotency_key)}
        {field("forwarding", null, event.do_not_forward ? "not forwarded" : null)}
      </Section>
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
