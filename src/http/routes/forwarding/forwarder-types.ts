import { TrailError } from "../../../base/error.ts";
import { LIMITS } from "../../../event/limits.ts";
import type { Destination } from "../../../forward/destination.ts";
import { parseJson } from "../../body.ts";
import { askedBy } from "../../door.ts";
import { JSON_API } from "../../problem.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";
import { readEnvelope, scopeOf } from "./forwarders.ts";

const HEADERS = { "Content-Type": JSON_API };

/** The catalog of destinations, and the test call. */
export function forwarderTypeRoutes(route: Route, state: ServerState): void {
  const { forwarders } = state.trail;

  route("get", "/api/v1/forwarder_types", async (c) => {
    const data = (await forwarders.types()).map(toResource);
    const meta = { pagination: { page: 1, size: data.length } };
    return c.body(JSON.stringify({ data, meta }), 200, HEADERS);
  });

  route("get", "/api/v1/forwarder_types/{id}", async (c) => {
    const found = (await forwarders.types()).find(({ type }) => type === c.req.param("id"));
    if (found === undefined)
      throw new TrailError("forwarder.not_found", "There is no such type of forwarder.");
    return c.body(JSON.stringify({ data: toResource(found) }), 200, HEADERS);
  });

  route("post", "/api/v1/functions/test_forwarder/actions/execute", async (c) => {
    const body = parseJson(await askedBy(c).body(2 * LIMITS.eventBytes));
    return c.json(await forwarders.test(body as Record<string, unknown>));
  });

  route("post", "/api/v1/functions/preview_forwarder/actions/execute", async (c, access) => {
    const { attributes } = await readEnvelope(c);
    return c.json({ data: await forwarders.preview(attributes, scopeOf(access)) });
  });
}

function toResource({ type, name, docsUrl, template, options, schemes }: Destination) {
  const placeholders = Object.entries(template.placeholders).map(([key, given]) => [
    key,
    {
      label: given.label,
      secret: given.secret ?? false,
      enum: given.enum ?? null,
      default: given.default ?? null,
      placeholder: given.placeholder ?? null,
    },
  ]);
  return {
    type: "forwarder_type",
    id: type,
    attributes: {
      name,
      icon: type,
      base_type: schemes.includes("https:") ? "HTTP" : schemes[0]?.replace(":", "").toUpperCase(),
      docs_url: docsUrl,
      is_custom: type === "http",
      configuration: {
        method: template.method,
        url: template.url,
        success_status: "2xx",
        headers: Object.entries(template.headers).map(([header, value]) => ({ name: header, value })),
      },
      placeholders: Object.fromEntries(placeholders),
      transform: template.transform === null ? null : { type: "JSONATA", default: template.transform },
      options,
    },
  };
}
