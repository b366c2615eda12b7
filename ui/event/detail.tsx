import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { JsonValue } from "../../src/base/json.ts";
import { fetchEvent, type WireEvent } from "../api/events.ts";
import { Icon } from "../design/icons.tsx";
import { duration, statusName, what } from "../feed/format.ts";
import type { Term } from "../feed/query-text.ts";
import { JsonTree } from "../parts/json-tree.tsx";
import { Menu } from "../parts/menu.tsx";
import { CopyButton } from "../parts/snippet.tsx";
import { Deliveries } from "./deliveries.tsx";
import { FIELD_KEYS, Fields, Picks } from "./fields.tsx";
import { ProofSection } from "./proof.tsx";
import { redactionsOf } from "./redactions.ts";
import { Related } from "./related.tsx";

interface Props {
  id: string;
  /** Absent on the event's own page. */
  onClose?: () => void;
  onOpen(id: string): void;
  onFilter(term: Term): void;
}

/** Everything about one event, beside a list or on its own page. */
export function Detail({ id, onClose, onOpen, onFilter }: Props) {
  const { data: event, error } = useQuery({ queryKey: ["event", id], queryFn: () => fetchEvent(id) });
  const close = onClose === undefined ? null : <CloseButton onClose={onClose} />;
  return (
    <aside className="detail" aria-label="Event">
      {event === undefined ? (
        <>
          <header>
            <div>
              <h2>{error === null ? "Loading …" : "This event cannot be shown"}</h2>
              <p>{error === null ? id : error.message}</p>
            </div>
            {close}
          </header>
          <div />
        </>
      ) : (
        <>
          <Head event={event}>{close}</Head>
          <Body key={event.id} event={event} onOpen={onOpen} onFilter={onFilter} />
        </>
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

function Head({ event, children }: { event: WireEvent; children: React.ReactNode }) {
  const status = statusName(event);
  return (
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
      {children}
    </header>
  );
}

const LOOKS = ["Fields", "Tree", "Raw"] as const;
type Look = (typeof LOOKS)[number];

function Body({ event, onOpen, onFilter }: Omit<Props, "id" | "onClose"> & { event: WireEvent }) {
  const [look, setLook] = useState<Look>("Fields");
  return (
    <section className="body" tabIndex={0} aria-label="Details">
      <div className="actions">
        <CopyButton text={event.id} label="Copy id" />
        <CopyMenu event={event} />
        <fieldset className="spans">
          <legend className="visually-hidden">Show as</legend>
          {LOOKS.map((one) => (
            <button
              key={one}
              type="button"
              className="button"
              aria-pressed={look === one}
              onClick={() => setLook(one)}
            >
              {one}
            </button>
          ))}
        </fieldset>
      </div>
      {look === "Raw" ? (
        <pre className="raw">{JSON.stringify(event, null, 2)}</pre>
      ) : look === "Tree" ? (
        <WholeTree event={event} onFilter={onFilter} />
      ) : (
        <Sections event={event} onOpen={onOpen} onFilter={onFilter} />
      )}
    </section>
  );
}

/** The event in the words of other tools. */
function CopyMenu({ event }: { event: WireEvent }) {
  const { origin } = location;
  return (
    <Menu label="Copy as" name="Copy as">
      {() => (
        <div className="copies">
          <CopyButton text={`${origin}/events/${encodeURIComponent(event.id)}`} label="Link" />
          <CopyButton text={JSON.stringify(event, null, 2)} label="JSON" />
          <CopyButton
            text={`curl -s ${quoted(`${origin}/api/v1/events/${encodeURIComponent(event.id)}`)}`}
            label="curl"
          />
          <CopyButton text={`daybook show ${quoted(event.id)} --db ${origin}`} label="daybook command" />
        </div>
      )}
    </Menu>
  );
}

/** As one word of a shell, whatever stands in it. */
function quoted(text: string): string {
  return /^[\w./:@%-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** All of the event as it is on the wire; what is a filter can be kept to or left out. */
function WholeTree({ event, onFilter }: { event: WireEvent; onFilter(term: Term): void }) {
  return (
    <section>
      <JsonTree
        value={event as unknown as JsonValue}
        actions={(path, value) => {
          const key = path.length === 1 ? FIELD_KEYS[path[0] as string] : undefined;
          if (key === undefined || typeof value !== "string" || value === "") return null;
          return <Picks name={key} filterKey={key} value={value} onFilter={onFilter} />;
        }}
      />
    </section>
  );
}

function Sections({ event, onOpen, onFilter }: Omit<Props, "id" | "onClose"> & { event: WireEvent }) {
  const redactions = redactionsOf(event);
  return (
    <>
      {event.error === null ? null : (
        <p className={event.status === "denied" ? "failure denied" : "failure"}>{event.error}</p>
      )}
      <Fields sections={["What", "Who", "Belongs to", "Model"]} event={event} onFilter={onFilter} />
      <Related event={event} onOpen={onOpen} onFilter={onFilter} />
      {Object.keys(event.data).length === 0 ? null : (
        <section>
          <h3>Data</h3>
          <JsonTree value={event.data as JsonValue} />
        </section>
      )}
      {redactions.length === 0 ? null : (
        <section aria-label="Redacted">
          <h3>Redacted before it was stored</h3>
          <dl>
            {redactions.map(({ path, rules }) => (
              <div key={path} className="pairrow">
                <dt className="mono">{path}</dt>
                <dd>
                  {rules.map((rule) => (
                    <span key={rule} className="badge">
                      {rule}
                    </span>
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      <Fields sections={["Record"]} event={event} onFilter={onFilter} />
      <Deliveries id={event.id} />
      <ProofSection event={event} />
    </>
  );
}
