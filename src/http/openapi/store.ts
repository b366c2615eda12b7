import { JSON_OBJECT, type RouteDoc } from "./route-doc.ts";

const call = (name: string, need: RouteDoc["need"], summary: string): RouteDoc => ({
  method: "post",
  path: `/api/v1/store/${name}`,
  need,
  tag: "store",
  summary,
  requestTypes: JSON_OBJECT,
  answers: { "200": "{output}.", "400": "The input cannot be read.", "403": "Not with this key." },
});

/** The store port over HTTP, for another Daybook; not for people, and only between equal versions. */
export const STORE_ROUTES: readonly RouteDoc[] = [
  call("get", "read", "One event."),
  call("list", "read", "A page of events."),
  call("head", "read", "The newest seq."),
  call("stats", "read", "Counts."),
  call("emitters", "read", "Emitters."),
  call("row", "read", "A row of a view."),
  call("rows", "read", "Rows of a view."),
  call("facets", "read", "Values of fields."),
  call("count", "read", "An exact count."),
  call("describe", "read", "Facts about the store."),
  call("tenants", "read", "The tenants that the key reaches."),
  call("rebuild", "admin", "Fold the views anew."),
  call("prune", "admin", "Remove events, without a receipt of its own: the caller writes it."),
  {
    method: "get",
    path: "/api/v1/store/watch",
    need: "read",
    tag: "store",
    summary: "A line at each commit.",
    answers: { "200": "text/event-stream." },
  },
];
