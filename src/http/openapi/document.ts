import { FIELDS, type Field, USAGE_KEYS } from "../../event/fields.ts";
import { ADMIN_ROUTES } from "./admin.ts";
import { APPROVAL_ROUTES } from "./approvals.ts";
import { CAPTURE_ROUTES } from "./capture.ts";
import { EVENT_ROUTES } from "./events.ts";
import { FORWARDING_ROUTES } from "./forwarding.ts";
import { EVIDENCE_ROUTES, LOG_ROUTES, WITNESS_ROUTES } from "./log.ts";
import { type RouteDoc, ref, type Schema } from "./route-doc.ts";
import { SERVER_ROUTES } from "./server.ts";
import { STORE_ROUTES } from "./store.ts";
import { VIEW_ROUTES } from "./views.ts";

export type RouteMethod = RouteDoc["method"];

export const ROUTE_DOCS: readonly RouteDoc[] = [
  ...EVENT_ROUTES,
  ...VIEW_ROUTES,
  ...APPROVAL_ROUTES,
  ...CAPTURE_ROUTES,
  ...ADMIN_ROUTES,
  ...FORWARDING_ROUTES,
  ...LOG_ROUTES,
  ...EVIDENCE_ROUTES,
  ...WITNESS_ROUTES,
  ...SERVER_ROUTES,
  ...STORE_ROUTES,
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
