import { Link, useNavigate } from "@tanstack/react-router";
import { formatTerm } from "../feed/query-text.ts";
import { eventRoute } from "../router.tsx";
import { Detail } from "./detail.tsx";

/** One event, at an address that stays. */
export function EventPage() {
  const { id } = eventRoute.useParams();
  const navigate = useNavigate();
  return (
    <div className="page eventpage">
      <header className="pagehead">
        <h1>Event</h1>
        <Link to="/" search={{ event: id }}>
          Among all events
        </Link>
      </header>
      <Detail
        id={id}
        onOpen={(other) => void navigate({ to: "/events/$id", params: { id: other }, search: {} })}
        onFilter={(term) => void navigate({ to: "/", search: { q: formatTerm(term) } })}
      />
    </div>
  );
}
