import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { fetchThread, fetchThreads, type ThreadEvent } from "../api/views.ts";
import { CompletenessBadge } from "../parts/completeness.tsx";
import { JsonTree } from "../parts/json-tree.tsx";
import { count, State } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { threadRoute } from "../router.tsx";

export function ThreadsPage() {
  const { data, error } = useQuery({ queryKey: ["threads"], queryFn: fetchThreads, refetchInterval: 5_000 });
  return (
    <div className="page">
      <header className="pagehead">
        <h1>Threads</h1>
      </header>
      {data === undefined ? (
        <State error={error}>Loading …</State>
      ) : data.length === 0 ? (
        <State>
          <h2>No threads yet</h2>
          <p>
            A thread is the log of a conversation: <code>trail.threads.append("thread-1", events)</code>.
          </p>
        </State>
      ) : (
        <section className="tablebox" tabIndex={0} aria-label="Threads, newest activity first">
          <table>
            <thead>
              <tr>
                <th>Last activity</th>
                <th>Thread</th>
                <th>Agent</th>
                <th className="number">Events</th>
                <th className="number">Archived</th>
              </tr>
            </thead>
            <tbody>
              {data.map(({ id, attributes: thread }) => (
                <tr key={id}>
                  <td className="mono">
                    <Time at={thread.last_at} />
                  </td>
                  <td className="wide">
                    <Link to="/threads/$id" params={{ id }}>
                      {id}
                    </Link>
                  </td>
                  <td>{thread.agent ?? ""}</td>
                  <td className="number">{count(thread.head)}</td>
                  <td className="number">{count(thread.watermark)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
}

export function ThreadPage() {
  const { id } = threadRoute.useParams();
  const { data, error } = useQuery({
    queryKey: ["thread", id],
    queryFn: () => fetchThread(id),
    refetchInterval: 5_000,
  });
  if (data === undefined) return <State error={error}>Loading …</State>;
  const { events = [], agent, watermark } = data.attributes;
  return (
    <div className="page scrolls">
      <header className="runhead">
        <p className="crumbs">
          <Link to="/threads">Threads</Link>
        </p>
        <h1>{id}</h1>
        <p className="soft">
          {agent ?? ""} {watermark > 0 ? `· ${watermark} archived` : ""}
        </p>
        <p>
          <CompletenessBadge of="threads" id={id} />
        </p>
      </header>
      <ol className="conversation">
        {events.map(({ ordinal, id: eventId, event }) => (
          <li key={ordinal} className={sideOf(event)}>
            <p className="soft">
              {ordinal} · {event.kind.replaceAll("_", " ")} · <Time at={event.timestamp} /> ·{" "}
              <Link to="/" search={{ event: eventId }}>
                event
              </Link>
            </p>
            <Said event={event} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function sideOf({ kind }: ThreadEvent): string {
  if (kind === "user_message") return "user";
  return kind === "assistant_message" ? "assistant" : "aside";
}

/** The words where there are some; whatever it is else. */
function Said({ event: { kind, timestamp: _, ...rest } }: { event: ThreadEvent }) {
  const { content } = rest;
  const words = Array.isArray(content)
    ? content
        .map((part: unknown) =>
          typeof part === "object" && part !== null && "text" in part ? String(part.text) : "",
        )
        .join("\n")
    : "";
  if (words !== "" && /_message$/.test(kind)) return <p className="words">{words}</p>;
  return <JsonTree value={rest as Parameters<typeof JsonTree>[0]["value"]} />;
}
