import { useQuery } from "@tanstack/react-query";
import { get } from "../api/events.ts";
import { boundsOf, type Range, toInterval } from "../explore/range.ts";
import { formatTerm, type Term, toFilters } from "./query-text.ts";

/** Keys of the query, by the fields of events that are counted. */
const FIELDS: Readonly<Record<string, string>> = {
  status: "status",
  agent: "agent",
  tool: "tool",
  event_type: "type",
};
const TOP = 5;
const LOOK_AGAIN_MS = 10_000;

interface Found {
  data: ReadonlyArray<{ field: string; values: ReadonlyArray<{ value: string; count: number }> }>;
  meta: { scan: { scanned: number; exhausted: boolean } };
}

interface Props {
  terms: readonly Term[];
  range: Range;
  onChange(terms: readonly Term[]): void;
}

/** The most frequent values among the events that match, each to keep or to leave out. */
export function Facets({ terms, range, onChange }: Props) {
  const params = toFilters(terms);
  params.set("field", Object.keys(FIELDS).join(","));
  params.set("top", String(TOP));
  const asked = params.toString();
  const { data } = useQuery({
    queryKey: ["facets", asked, range],
    queryFn: async () => {
      const interval = toInterval(boundsOf(range, Date.now()));
      const within = interval === null ? "" : `&filter[occurred_at]=${encodeURIComponent(interval)}`;
      return (await get(`/api/v1/facets?${asked}${within}`)) as Found;
    },
    refetchInterval: LOOK_AGAIN_MS,
    placeholderData: (before) => before,
  });
  const groups = (data?.data ?? []).filter(({ values }) => values.length > 1);
  if (data === undefined) return <div className="facets" aria-busy="true" />;
  if (groups.length === 0) return null;
  const add = (term: Term): void => {
    const others = terms.filter(
      (known) => formatTerm({ ...known, excluded: false }) !== formatTerm({ ...term, excluded: false }),
    );
    onChange([...others, term]);
  };
  return (
    <section className="facets" aria-label="Most frequent values" tabIndex={0}>
      {groups.map(({ field, values }) => {
        const key = FIELDS[field] ?? field;
        return (
          <dl key={field}>
            <dt>{key}</dt>
            {values.map(({ value, count }) => (
              <dd key={value}>
                <button type="button" onClick={() => add({ key, value, excluded: false })}>
                  <span className="visually-hidden">Only {key} </span>
                  {value} <small>{count.toLocaleString()}</small>
                </button>
                <button type="button" className="out" onClick={() => add({ key, value, excluded: true })}>
                  <span aria-hidden="true">−</span>
                  <span className="visually-hidden">
                    Without {key} {value}
                  </span>
                </button>
              </dd>
            ))}
          </dl>
        );
      })}
      {data.meta.scan.exhausted ? (
        <small>of the newest {data.meta.scan.scanned.toLocaleString()} events</small>
      ) : null}
    </section>
  );
}
