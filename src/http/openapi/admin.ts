import { inPath, JSON_OBJECT, type RouteDoc, TENANT } from "./route-doc.ts";

/** What operators do. */
export const ADMIN_ROUTES: readonly RouteDoc[] = [
  {
    method: "get",
    path: "/api/v1/me",
    need: "read",
    tag: "access",
    summary: "How far the key of this request reaches.",
    parameters: [TENANT],
    answers: { "200": "Tenant and environments.", "401": "No key, or an unknown one." },
  },
  {
    method: "get",
    path: "/api/v1/keys",
    need: "audit",
    tag: "access",
    summary: "API keys, without their secrets.",
    answers: { "200": "Keys." },
  },
  {
    method: "post",
    path: "/api/v1/keys",
    need: "admin",
    tag: "access",
    summary: "Make a key: name, role, tenant, environments. The answer has its secret, once.",
    requestTypes: JSON_OBJECT,
    answers: { "201": "Made.", "400": "A field breaks a rule." },
  },
  {
    method: "delete",
    path: "/api/v1/keys/{id}",
    need: "admin",
    tag: "access",
    summary: "Revoke a key.",
    parameters: [inPath("id", "The key's id.")],
    answers: { "204": "Revoked.", "404": "There is none." },
  },
];
