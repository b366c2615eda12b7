import type { Context } from "hono";
import { formatMicros } from "../../../base/clock.ts";
import { TrailError } from "../../../base/error.ts";
import { isObject } from "../../../base/json.ts";
import { LIMITS } from "../../../event/limits.ts";
import type { DeliveriesQuery, Delivery } from "../../../forward/delivery/deliveries.ts";
import { DELIVERY_STATUSES, type DeliveryStatus } from "../../../forward/delivery/receipt.ts";
import { parseInterval } from "../../../query/params.ts";
import type { Access } from "../../access.ts";
import { parseJson } from "../../body.ts";
import { askedBy } from "../../door.ts";
import { nextLink } from "../../jsonapi.ts";
import { invalid, Params } from "../../params.ts";
import { JSON_API } from "../../problem.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";
import { idOf, scopeOf } from "./forwarders.ts";

const SORTS = ["-created_at", "created_at"] as const;
const HEADERS = { "Content-Type": JSON_API };

/** The delivery log, retries, and what was confirmed. */
export function deliveryRoutes(route: Route, state: ServerState): void {
  const { forwarders } = state.trail;

  route("get", "/api/v1/forwarders/{id}/deliveries", async (c, access) => {
    const url = new URL(c.req.url);
    const query = readQuery(url.searchParams);
    const { deliveries, next } = await forwarders.deliveries(idOf(c), { ...scopeOf(access), ...query });
    const document = {
      data: deliveries.map(toResource),
      meta: { page_size: query.limit },
      links: { next: next === null ? null : nextLink(url, next) },
    };
    return c.body(JSON.stringify(document), 200, HEADERS);
  });

  route("post", "/api/v1/forwarders/{id}/deliveries/{delivery}/actions/retry", async (c, access) => {
    const delivery = await forwarders.retry(idOf(c), c.req.param("delivery") ?? "", scopeOf(access));
    return c.body(JSON.stringify({ data: toResource(delivery) }), 200, HEADERS);
  });

  route("post", "/api/v1/forwarders/{id}/actions/retry_failed_deliveries", async (c, access) => {
    const environment = await readEnvironment(c, access);
    return c.json(await forwarders.retryFailed(idOf(c), { ...scopeOf(access), environment }));
  });

  route("get", "/api/v1/forwarders/{id}/reconciliation", async (c, access) => {
    const hours = await forwarders.reconcile(idOf(c), scopeOf(access));
    return c.json({
      data: hours.map(({ hour, sent, confirmed, failed, filteredOut, skipped }) => ({
        hour: formatMicros(hour),
        sent,
        confirmed,
        failed,
        filtered_out: filteredOut,
        skipped,
      })),
    });
  });
}

function readQuery(search: URLSearchParams): DeliveriesQuery & { limit: number } {
  const params = new Params(search);
  const environment = params.list("filter[environment]");
  const status = params.list("filter[status]").map(statusOf);
  const created = params.text("filter[created_at]");
  const event = params.text("filter[event]");
  const limit = params.count("page[size]", { min: 1, max: LIMITS.pageSize, fallback: LIMITS.pageSize });
  const cursor = params.text("page[after]");
  const sort = params.oneOf("sort", SORTS, "-created_at");
  params.end();
  return {
    limit,
    direction: sort === "created_at" ? "asc" : "desc",
    ...(environment.length === 0 ? {} : { environment }),
    ...(status.length === 0 ? {} : { status }),
    ...(created === undefined ? {} : { createdAt: parseInterval("created_at", created) }),
    ...(event === undefined ? {} : { event }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

function statusOf(text: string): DeliveryStatus {
  const found = DELIVERY_STATUSES.find((status) => status === text.toUpperCase());
  if (found !== undefined) return found;
  throw invalid("filter[status]", `must be one of ${DELIVERY_STATUSES.join(", ")}.`);
}

/** The body is optional; a key of one environment means that one. */
async function readEnvironment(c: Context, { environments }: Access): Promise<string | undefined> {
  const bytes = await askedBy(c).body(LIMITS.eventBytes);
  const body = bytes.length === 0 ? {} : parseJson(bytes);
  const environment = isObject(body) ? (body.environment ?? undefined) : null;
  const unknown = isObject(body) ? Object.keys(body).find((key) => key !== "environment") : undefined;
  if (unknown !== undefined || (environment !== undefined && typeof environment !== "string")) {
    throw new TrailError("forwarder.invalid", 'The body must be {"environment": "…"} or nothing.', {
      field: "environment",
    });
  }
  return environment ?? (environments?.length === 1 ? environments[0] : undefined);
}

function toResource(delivery: Delivery) {
  const { request } = delivery;
  return {
    type: "forwarder_delivery",
    id: delivery.id,
    attributes: {
      forwarder: delivery.forwarder,
      event: delivery.event,
      environment: delivery.environment,
      attempt_number: delivery.attemptNumber,
      status: delivery.status,
      request,
      response_status: delivery.responseStatus,
      response_body: delivery.responseBody,
      latency_ms: delivery.latencyMs,
      error: delivery.error,
      created_at: formatMicros(delivery.createdAt),
    },
  };
}
