import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { get } from "../api/events.ts";
import { formatTerm } from "../feed/query-text.ts";
import { Time } from "../parts/time.tsx";

interface Sighting {
  id: string;
  type: string;
  attributes: { created_at: string };
}

const KINDS = [
  ["agents", "agent"],
  ["tools", "tool"],
  ["resource_types", "resource_type"],
] as const;
const ROWS = 12;

/** Agents, tools and kinds of resources that were never seen before this time. */
export function Newcomers({ since }: { since: string }) {
  const { data } = useQuery({
    queryKey: ["newcomers"],
    queryFn: async () => {
      const lists = await Promise.all(
        KINDS.map(
          async ([path]) => ((await get(`/api/v1/${path}?page[size]=1000`)) as { data: Sighting[] }).data,
        ),
      );
      return lists.flat();
    },
    refetchInterval: 30_000,
  });
  if (data === undefined) return null;
  const fresh = data
    .filter(({ attributes }) => Date.parse(attributes.created_at) >= Date.parse(since))
    .sort((a, b) => (a.attributes.created_at < b.attributes.created_at ? 1 : -1));
  return (
    <section className="panel" tabIndex={0} aria-label="Seen for the first time">
      <h2>Seen for the first time</h2>
      {fresh.length === 0 ? (
        <p className="soft">No new agent, tool or kind of resource in this time.</p>
      ) : null}
      <ul className="newcomers">
        {fresh.slice(0, ROWS).map(({ id, type, attributes }) => (
          <li key={`${type} ${id}`}>
            <span className="soft">{type.replace("_", " ")}</span>{" "}
            <Link to="/" search={{ q: formatTerm({ key: type, value: id, excluded: false }) }}>
              {id}
            </Link>{" "}
            <Time at={attributes.created_at} />
          </li>
        ))}
      </ul>
      {fresh.length > ROWS ? <p className="soft">And {fresh.length - ROWS} more.</p> : null}
    </section>
  );
}
