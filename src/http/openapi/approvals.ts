import { inPath, JSON_OBJECT, OFFSET_PAGE, query, type RouteDoc, TENANT } from "./route-doc.ts";

const ID = inPath("id", "The approval's id.");

/** Approvals. */
export const APPROVAL_ROUTES: readonly RouteDoc[] = [
  {
    method: "get",
    path: "/api/v1/approvals",
    need: "read",
    tag: "approvals",
    summary: "Approvals, newest first: asked, decided, executed, broken.",
    parameters: [
      TENANT,
      ...OFFSET_PAGE,
      query("filter[state]", "pending, approved or denied."),
      query("filter[violated]", "true: only those that an execution did not keep to."),
    ],
    answers: { "200": "A page.", "400": "A parameter breaks a rule." },
  },
  {
    method: "post",
    path: "/api/v1/approvals",
    need: "write",
    tag: "approvals",
    summary: "Ask: `tool`, `arguments`, and optionally `reason`, `expires_in_ms`, and where it belongs.",
    parameters: [TENANT],
    requestTypes: JSON_OBJECT,
    answers: { "201": "Asked.", "400": "A field breaks a rule." },
  },
  {
    method: "get",
    path: "/api/v1/approvals/{id}",
    need: "read",
    tag: "approvals",
    summary: "One approval.",
    parameters: [TENANT, ID],
    answers: { "200": "As it stands.", "404": "There is none." },
  },
  {
    method: "post",
    path: "/api/v1/approvals/{id}/decision",
    need: "admin",
    tag: "approvals",
    summary:
      "Decide, once: `decision` (approved, denied), `reason`, `actor_id`, `arguments` (allowed instead), `signature`.",
    parameters: [TENANT, ID],
    requestTypes: JSON_OBJECT,
    answers: { "200": "As it stands now.", "404": "There is none.", "409": "Decided before, or too late." },
  },
];
