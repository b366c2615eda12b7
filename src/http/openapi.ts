import type { Hono } from "hono";
import { FIELDS, type Field, USAGE_KEYS } from "../event/fields.ts";
import { LIMITS } from "../event/limits.ts";
import { FILTER_NAMES } from "../query/params.ts";

type Schema = Record<string, unknown>;

/** One row for each route; the document, `/docs` and a test read it. */
export interface RouteDoc {
  readonly method: "get" | "post";
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly parameters?: readonly Schema[];
  readonly requestTypes?: Readonly<Record<string, Schema>>;
  readonly answers: Readonly<Record<string, string>>;
}

const query = (name: string, description: string, schema: Schema = { type: "string" }): Schema => ({
  name,
  in: "query",
  description,
  schema,
});
const header = (name: string, description: string): Schema => ({
  name,
  in: "header",
  description,
  schema: { type: "string" },
});
const inPath = (name: string, description: string): Schema => ({
  name,
  in: "path",
  required: true,
  description,
  schema: { type: "string" },
});
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

const TENANT = header("X-Daybook-Tenant", "The tenant; `default` where none is named.");
const FILTERS = FILTER_NAMES.map((name) =>
  query(
    `filter[${name}]`,
    "A comma is a union, a leading `-` excludes, `\\` makes the next character plain; ranges as `[a,b)` with `*`.",
  ),
);
const OTLP_TYPES = {
  "application/json": { type: "object" },
  "application/x-protobuf": { type: "string", format: "binary" },
};
const OTLP_ANSWERS = {
  "200": "Taken; the body says what was not.",
  "400": "Malformed; do not retry.",
  "503": "Retry later.",
};

export const ROUTE_DOCS: readonly RouteDoc[] = [
  {
    method: "post",
    path: "/api/v1/events",
    tag: "events",
    summary: "Record one event; answered when it is committed.",
    parameters: [
      TENANT,
      header("Idempotency-Key", "A second event with the same key is the first one."),
      header("X-Smplkit-Environment", "The environment where the body names none."),
    ],
    requestTypes: { "application/vnd.api+json": ref("EventDocument") },
    answers: {
      "201": "Recorded.",
      "200": "Known already: the first event.",
      "400": "A field breaks a rule.",
      "403": "A reserved resource type.",
      "413": "Too large.",
    },
  },
  {
    method: "get",
    path: "/api/v1/events",
    tag: "events",
    summary: "List events, or stream all of them as CSV or JSONL.",
    parameters: [
      TENANT,
      ...FILTERS,
      query("page[size]", `1 to ${LIMITS.pageSize}.`, {
        type: "integer",
        minimum: 1,
        maximum: LIMITS.pageSize,
        default: LIMITS.pageSize,
      }),
      query("page[after]", "The cursor of links.next."),
      query("sort", "occurred_at, created_at or seq; `-` is newest first.", {
        type: "string",
        default: "-occurred_at",
      }),
      query("format", "CSV or JSONL: everything that matches, paging aside."),
    ],
    answers: { "200": "A page.", "400": "A parameter breaks a rule." },
  },
  {
    method: "post",
    path: "/api/v1/events/bulk",
    tag: "events",
    summary: "Record many events, one a line; a bad line costs no good one.",
    parameters: [TENANT, header("Content-Encoding", "gzip, zstd, deflate or br.")],
    requestTypes: {
      "application/x-ndjson": ref("Event"),
      "application/json": { type: "array", items: ref("Event") },
    },
    answers: {
      "200": "Counts, and an error for each bad line.",
      "400": "Not readable at all.",
      "413": "Too large.",
    },
  },
  {
    method: "get",
    path: "/api/v1/events/stream",
    tag: "events",
    summary: "The live tail as Server-Sent Events; `id:` is the seq.",
    parameters: [
      TENANT,
      ...FILTERS,
      query("after", "Begin behind this seq; without it, from now on."),
      header("Last-Event-ID", "The same, as a browser sends it."),
    ],
    answers: { "200": "text/event-stream; each `data:` is an event.", "400": "A parameter breaks a rule." },
  },
  {
    method: "get",
    path: "/api/v1/events/{id}",
    tag: "events",
    summary: "One event.",
    parameters: [TENANT, inPath("id", "The event's UUID.")],
    answers: { "200": "The event.", "404": "There is none." },
  },
  {
    method: "get",
    path: "/api/v1/stats",
    tag: "events",
    summary: "Totals.",
    parameters: [TENANT, query("since", "RFC 3339; counts what was recorded since.")],
    answers: { "200": "Counts." },
  },
  {
    method: "get",
    path: "/api/v1/emitters",
    tag: "events",
    summary: "Each emitter: complete, or which numbers are missing.",
    parameters: [TENANT],
    answers: { "200": "Emitters." },
  },
  {
    method: "post",
    path: "/v1/traces",
    tag: "capture",
    summary: "OTLP traces.",
    parameters: [TENANT],
    requestTypes: OTLP_TYPES,
    answers: OTLP_ANSWERS,
  },
  {
    method: "post",
    path: "/v1/logs",
    tag: "capture",
    summary: "OTLP logs.",
    parameters: [TENANT],
    requestTypes: OTLP_TYPES,
    answers: OTLP_ANSWERS,
  },
  {
    method: "post",
    path: "/v1/metrics",
    tag: "capture",
    summary: "OTLP metrics: taken and counted.",
    parameters: [TENANT],
    requestTypes: OTLP_TYPES,
    answers: OTLP_ANSWERS,
  },
  {
    method: "post",
    path: "/api/v1/hooks/{agent}",
    tag: "capture",
    summary: "A coding agent's hook payload, as it is.",
    parameters: [TENANT, inPath("agent", "claude-code, codex, gemini, cursor, copilot, opencode.")],
    requestTypes: { "application/json": { type: "object" } },
    answers: { "200": "Taken.", "400": "Not JSON." },
  },
  {
    method: "post",
    path: "/hooks/{agent}",
    tag: "capture",
    summary: "The same at a shorter address.",
    parameters: [TENANT, inPath("agent", "As above.")],
    requestTypes: { "application/json": { type: "object" } },
    answers: { "200": "Taken.", "400": "Not JSON." },
  },
  {
    method: "get",
    path: "/healthz",
    tag: "server",
    summary: "The process lives.",
    answers: { "200": "It does." },
  },
  {
    method: "get",
    path: "/readyz",
    tag: "server",
    summary: "The store serves.",
    answers: { "200": "It does.", "503": "It does not." },
  },
  {
    method: "get",
    path: "/metrics",
    tag: "server",
    summary: "Prometheus metrics.",
    answers: { "200": "Text." },
  },
  {
    method: "get",
    path: "/openapi.json",
    tag: "server",
    summary: "This document.",
    answers: { "200": "OpenAPI 3.1." },
  },
  {
    method: "get",
    path: "/docs",
    tag: "server",
    summary: "This document for people.",
    answers: { "200": "A page." },
  },
];

function schemaOf(field: Field): Schema {
  const description = field.doc;
  const readOnly = field.readOnly === true ? { readOnly: true } : {};
  switch (field.kind) {
    case "text":
      return {
        type: ["string", "null"],
        maxLength: field.max,
        description,
        ...(field.oneOf === undefined ? {} : { enum: [...field.oneOf, null] }),
      };
    case "uuid":
      return { type: ["string", "null"], format: "uuid", description };
    case "time":
      return { type: ["string", "null"], format: "date-time", description, ...readOnly };
    case "count":
      return {
        type: ["integer", "null"],
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description,
        ...readOnly,
      };
    case "hex":
      return { type: ["string", "null"], pattern: `^[0-9a-f]{${field.max}}$`, description };
    case "decimal":
      return { type: ["string", "null"], pattern: "^[0-9]{1,20}(\\.[0-9]{1,20})?$", description };
    case "json":
      return { type: "object", description, default: {} };
    case "usage":
      return {
        type: ["object", "null"],
        description,
        properties: Object.fromEntries(USAGE_KEYS.map((key) => [key, { type: "integer", minimum: 0 }])),
        additionalProperties: false,
      };
    case "flag":
      return { type: ["boolean", "null"], description, default: false };
  }
}

/** The OpenAPI 3.1 document, made from the field table and the route rows. */
export function openapiDocument(): Schema {
  const paths: Record<string, Record<string, Schema>> = {};
  for (const { method, path, tag, summary, parameters = [], requestTypes, answers } of ROUTE_DOCS) {
    paths[path] ??= {};
    const content = Object.entries(requestTypes ?? {}).map(([type, schema]) => [type, { schema }]);
    paths[path][method] = {
      tags: [tag],
      summary,
      operationId: `${method}${path.replaceAll(/[^a-z0-9]+/gi, "_")}`,
      parameters,
      ...(content.length === 0
        ? {}
        : { requestBody: { required: true, content: Object.fromEntries(content) } }),
      responses: Object.fromEntries(
        Object.entries(answers).map(([status, description]) => [
          status,
          Number(status) < 400
            ? { description }
            : { description, content: { "application/vnd.api+json": { schema: ref("Errors") } } },
        ]),
      ),
    };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Daybook", version: "1", description: "The audit trail for AI agents." },
    paths,
    components: { schemas: schemas() },
  };
}

function schemas(): Record<string, Schema> {
  const fields = Object.fromEntries(FIELDS.map((field) => [field.wire, schemaOf(field)]));
  const { id, ...attributes } = fields;
  return {
    Event: { type: "object", required: ["event_type"], properties: fields, additionalProperties: false },
    EventDocument: {
      type: "object",
      required: ["data"],
      properties: {
        data: {
          type: "object",
          required: ["attributes"],
          properties: {
            id,
            type: { const: "event" },
            attributes: {
              type: "object",
              required: ["event_type", "resource_type", "resource_id"],
              properties: attributes,
              additionalProperties: false,
            },
          },
        },
      },
    },
    Errors: {
      type: "object",
      properties: {
        error: { type: "string" },
        errors: {
          type: "array",
          items: {
            type: "object",
            properties: {
              status: { type: "string" },
              code: { type: "string" },
              title: { type: "string" },
              detail: { type: "string" },
              source: { type: "object" },
            },
          },
        },
      },
    },
  };
}

export function openapiRoutes(app: Hono): void {
  app.get("/openapi.json", (c) => c.json(openapiDocument()));
  app.get("/docs", (c) =>
    c.html(docsPage(), 200, {
      "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
      "X-Content-Type-Options": "nosniff",
    }),
  );
}

function docsPage(): string {
  const rows = ROUTE_DOCS.map(({ method, path, summary, parameters = [], answers }) => {
    const names = parameters.map((parameter) => `<code>${asText(String(parameter.name))}</code>`).join(" ");
    const statuses = Object.entries(answers).map(
      ([status, text]) => `<li><code>${status}</code> ${asText(text)}</li>`,
    );
    return `<h2><code>${method.toUpperCase()} ${asText(path)}</code></h2><p>${asText(summary)}</p><p>${names}</p><ul>${statuses.join("")}</ul>`;
  });
  const fields = FIELDS.map((field) => `<dt><code>${field.wire}</code></dt><dd>${asText(field.doc)}</dd>`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Daybook API</title><h1>Daybook API</h1><p>The same as a document: <a href="/openapi.json">/openapi.json</a></p>${rows.join("")}<h2>The fields of an event</h2><dl>${fields.join("")}</dl></html>`;
}

function asText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
