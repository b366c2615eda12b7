import { Link } from "@tanstack/react-router";
import { type Delivery, forwarderPath } from "../api/forwarding.ts";
import { Status } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { Act } from "./act.tsx";

const STATUS_WORDS: Readonly<Record<string, string>> = { SUCCEEDED: "ok", FAILED: "error" };

interface Props {
  caption?: string;
  deliveries: readonly Delivery[];
  onChange(): void;
}

/** Attempts, each with its answer; what failed can be sent again. */
export function DeliveryTable({ caption, deliveries, onChange }: Props) {
  return (
    <table className="deliveries">
      {caption === undefined ? null : <caption>{caption}</caption>}
      <thead>
        <tr>
          <th>Time</th>
          <th>Status</th>
          <th className="number">Try</th>
          <th>Answer</th>
          {caption === undefined ? <th>Event</th> : null}
          <th>
            <span className="visually-hidden">What to do</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <Row key={delivery.id} delivery={delivery} showsEvent={caption === undefined} onChange={onChange} />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  delivery: Delivery;
  showsEvent: boolean;
  onChange(): void;
}

function Row({ delivery: { id, attributes: row }, showsEvent, onChange }: RowProps) {
  const status = STATUS_WORDS[row.status.toUpperCase()] ?? row.status;
  return (
    <tr>
      <td className="mono">
        <Time at={row.created_at} />
      </td>
      <td>
        <Status status={status} />
      </td>
      <td className="number">{row.attempt_number}</td>
      <td className="wide">{row.error ?? row.response_status ?? ""}</td>
      {showsEvent ? (
        <td className="mono">
          {row.event === null ? (
            "gone"
          ) : (
            <Link to="/" search={{ event: row.event }}>
              {row.event}
            </Link>
          )}
        </td>
      ) : null}
      <td>
        {status === "error" ? (
          <Act
            label="Send again"
            to={forwarderPath(row.forwarder, `/deliveries/${encodeURIComponent(id)}/actions/retry`)}
            then={onChange}
          />
        ) : null}
      </td>
    </tr>
  );
}
