import { useQuery } from "@tanstack/react-query";
import { get } from "../api/events.ts";
import { Status } from "./states.tsx";

const LOOK_AGAIN_MS = 10_000;
const HOLES_SHOWN = 5;

interface Found {
  present: number;
  expected: number;
  /** Null where nothing was numbered, so that nobody can say. */
  complete: boolean | null;
  says: string;
  emitters: ReadonlyArray<{ id: string; missing: ReadonlyArray<readonly [number, number]> }>;
}

/** Whether everything that was recorded of a run or a thread is here: "412 of 412", or what never arrived. */
export function CompletenessBadge({ of, id }: { of: "runs" | "threads"; id: string }) {
  const { data } = useQuery({
    queryKey: ["completeness", of, id],
    queryFn: async () => {
      const body = await get(`/api/v1/${of}/${encodeURIComponent(id)}/completeness`);
      return (body as { data: { attributes: Found } }).data.attributes;
    },
    refetchInterval: LOOK_AGAIN_MS,
  });
  if (data === undefined) return null;
  const { complete, present, expected, says } = data;
  const holes = data.emitters.flatMap(({ missing }) =>
    missing.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)),
  );
  return (
    <span className="completeness" title={says} data-testid="completeness">
      <Status
        status={complete === null ? "none" : complete ? "ok" : "error"}
        says={
          complete === null
            ? "not numbered: nobody can say whether all is here"
            : `${present.toLocaleString()} of ${expected.toLocaleString()} events`
        }
      />
      {holes.length === 0 ? null : (
        <span className="bad">
          {" "}
          never arrived: {holes.slice(0, HOLES_SHOWN).join(", ")}
          {holes.length > HOLES_SHOWN ? ` and ${holes.length - HOLES_SHOWN} more` : ""}
        </span>
      )}
    </span>
  );
}
