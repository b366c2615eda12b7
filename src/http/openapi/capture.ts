import { inPath, type RouteDoc, TENANT } from "./route-doc.ts";

const OTLP_TYPES = {
  "application/json": { type: "object" },
  "application/x-protobuf": { type: "string", format: "binary" },
};
const OTLP_ANSWERS = {
  "200": "Taken; the body says what was not.",
  "400": "Malformed; do not retry.",
  "503": "Retry later.",
};

export const CAPTURE_ROUTES: readonly RouteDoc[] = [
  {
    method: "post",
    path: "/v1/traces",
    need: "write",
    tag: "capture",
    summary: "OTLP traces.",
    parameters: [TENANT],
    requestTypes: OTLP_TYPES,
    answers: OTLP_ANSWERS,
  },
  {
    method: "post",
    path: "/v1/logs",
    need: "write",
    tag: "capture",
    summary: "OTLP logs.",
    parameters: [TENANT],
    requestTypes: OTLP_TYPES,
    answers: OTLP_ANSWERS,
  },
  {
    method: "post",
    path: "/v1/metrics",
    need: "write",
    tag: "capture",
    summary: "OTLP metrics: taken and counted.",
    parameters: [TENANT],
    requestTypes: OTLP_TYPES,
    answers: OTLP_ANSWERS,
  },
  {
    method: "post",
    path: "/api/v1/hooks/{agent}",
    need: "write",
    tag: "capture",
    summary: "A coding agent's hook payload, as it is.",
    parameters: [TENANT, inPath("agent", "claude-code, codex, gemini, cursor, copilot, opencode.")],
    requestTypes: { "application/json": { type: "object" } },
    answers: { "200": "Taken.", "400": "Not JSON." },
  },
  {
    method: "post",
    path: "/hooks/{agent}",
    need: "write",
    tag: "capture",
    summary: "The same at a shorter address.",
    parameters: [TENANT, inPath("agent", "As above.")],
    requestTypes: { "application/json": { type: "object" } },
    answers: { "200": "Taken.", "400": "Not JSON." },
  },
];
