import { inPath, JSON_OBJECT, type RouteDoc, TENANT } from "./route-doc.ts";

/** Free of collisions with our own `/api/v1/runs`; some people put `/api/v1` in front. */
export const LANGSMITH_PREFIXES = ["/langsmith", "/api/v1/langsmith"] as const;

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
  {
    method: "post",
    path: "/v1/traces/ingest",
    need: "write",
    tag: "capture",
    summary: "Traces of the OpenAI Agents SDK, as its exporter posts them.",
    parameters: [TENANT],
    requestTypes: JSON_OBJECT,
    answers: { "204": "Taken.", "400": "Malformed; do not retry.", "503": "Retry later." },
  },
  ...LANGSMITH_PREFIXES.flatMap(langSmithRoutes),
];

/** What LangChain and LangSmith's clients ask of the address in LANGSMITH_ENDPOINT. */
function langSmithRoutes(prefix: string): RouteDoc[] {
  const taken = { "202": "Taken.", "400": "Malformed; do not retry.", "503": "Retry later." };
  const route = (method: RouteDoc["method"], path: string, summary: string, rest = {}): RouteDoc => ({
    method,
    path: prefix + path,
    need: "write",
    tag: "capture",
    summary,
    parameters: [TENANT],
    requestTypes: JSON_OBJECT,
    answers: taken,
    ...rest,
  });
  return [
    {
      method: "get",
      path: `${prefix}/info`,
      need: "nothing",
      tag: "capture",
      summary: "What LangSmith's clients ask first: how batches may come.",
      answers: { "200": "Limits of a batch." },
    },
    route("post", "/runs/batch", "Runs that began and runs that ended: {post, patch}."),
    route("post", "/runs/multipart", "The same, a part for each field.", {
      requestTypes: { "multipart/form-data": { type: "object" } },
    }),
    route("post", "/runs", "One run that began."),
    route("patch", "/runs/{id}", "What became of a run.", {
      parameters: [TENANT, inPath("id", "The run's UUID.")],
    }),
  ];
}
