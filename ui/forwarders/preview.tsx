import { Link } from "@tanstack/react-router";
import { useState } from "react";
import {
  type ForwarderAttributes,
  type ForwarderType,
  type Previewed,
  previewForwarder,
  type Tried,
  tryForwarder,
} from "../api/forwarding.ts";
import { duration } from "../feed/format.ts";
import { Status } from "../parts/states.tsx";
import { type Draft, toAttributes } from "./draft.ts";

const WORDS: Readonly<Record<Previewed["verdict"], readonly [status: string, words: string]>> = {
  sent: ["ok", "would be sent"],
  filtered: ["", "the filter leaves it here"],
  skipped: ["", "marked not to be forwarded"],
  elsewhere: ["", "its environment is not enabled"],
  broken: ["error", "would fail"],
};

interface Props {
  draft: Draft;
  type: ForwarderType;
}

type Shown =
  | { kind: "nothing" }
  | { kind: "trouble"; message: string }
  | { kind: "events"; events: readonly Previewed[] }
  | { kind: "tried"; tried: Tried };

/** What the forwarder would do with the newest events, and one request to see whether it is heard. */
export function Preview({ draft, type }: Props) {
  const [shown, setShown] = useState<Shown>({ kind: "nothing" });
  const [isBusy, setBusy] = useState(false);
  const act = async (what: () => Promise<Shown>): Promise<void> => {
    setBusy(true);
    try {
      setShown(await what());
    } catch (thrown) {
      setShown({ kind: "trouble", message: thrown instanceof Error ? thrown.message : String(thrown) });
    }
    setBusy(false);
  };
  const attributes = (): ForwarderAttributes =>
    ({ ...toAttributes(draft, type), name: draft.name || "preview" }) as ForwarderAttributes;
  const preview = async (): Promise<Shown> => ({
    kind: "events",
    events: await previewForwarder(attributes()),
  });
  const attempt = async (): Promise<Shown> => {
    const given = attributes();
    const { method, url, headers, success_status, tls_verify, ca_cert } = given.configuration;
    const sample = (await previewForwarder(given)).find(({ payload }) => payload !== null);
    const body = sample?.payload ?? '{"event_type":"daybook.test"}';
    return {
      kind: "tried",
      tried: await tryForwarder({ method, url, headers, success_status, tls_verify, ca_cert, body }),
    };
  };
  const isHttp = /^https?:/.test(draft.url);
  return (
    <section className="previewing" aria-label="Preview" aria-busy={isBusy} tabIndex={0}>
      <p className="actions">
        <button type="button" className="button" disabled={isBusy} onClick={() => void act(preview)}>
          Preview with the newest events
        </button>
        <button
          type="button"
          className="button"
          disabled={isBusy || !isHttp}
          title={isHttp ? "" : "Only addresses of HTTP can be tried."}
          onClick={() => void act(attempt)}
        >
          Send one event to try
        </button>
      </p>
      <div aria-live="polite">
        <Result shown={shown} />
      </div>
    </section>
  );
}

function Result({ shown }: { shown: Shown }) {
  switch (shown.kind) {
    case "nothing":
      return <p className="soft">Nothing is saved or sent before you say so.</p>;
    case "trouble":
      return <p className="failure">{shown.message}</p>;
    case "tried":
      return <Answer tried={shown.tried} />;
    case "events":
      return shown.events.length === 0 ? (
        <p className="soft">There are no events yet.</p>
      ) : (
        <ul className="previewed">
          {shown.events.map((event) => (
            <Event key={event.id} event={event} />
          ))}
        </ul>
      );
  }
}

function Answer({ tried }: { tried: Tried }) {
  return (
    <>
      <p>
        <Status status={tried.succeeded ? "ok" : "error"} />{" "}
        {tried.response_status === null ? "" : `answered ${tried.response_status} `}
        after {duration(tried.latency_ms)}
      </p>
      {tried.error === null ? null : <p className="failure">{tried.error}</p>}
      {tried.response_body === "" ? null : <pre className="raw">{tried.response_body.slice(0, 4_000)}</pre>}
    </>
  );
}

function Event({ event }: { event: Previewed }) {
  const [status, words] = WORDS[event.verdict];
  return (
    <li>
      <p>
        <Link to="/events/$id" params={{ id: event.id }} search={{}}>
          {event.type}
        </Link>{" "}
        {status === "" ? <span className="soft">{words}</span> : <Status status={status} says={words} />}
      </p>
      {event.error === null ? null : <p className="failure">{event.error}</p>}
      {event.payload === null ? null : <pre className="raw">{event.payload}</pre>}
    </li>
  );
}
