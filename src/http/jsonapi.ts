import { TrailError } from "../base/error.ts";
import type { AuditEvent } from "../event/event.ts";
import { LIMITS } from "../event/limits.ts";
import { toWire } from "../event/wire.ts";

/** An event as a JSON:API resource: the id apart, every other wire field an attribute. */
export function toResource(event: AuditEvent): {
  type: "event";
  id: string;
  attributes: Record<string, unknown>;
} {
  const { id, ...attributes } = toWire(event);
  return { type: "event", id, attributes };
}

/** The tenant of a request. */
export function tenantOf(request: Request): string | undefined {
  const tenant = request.headers.get("x-daybook-tenant");
  if (tenant === null || tenant === "") return undefined;
  if (tenant.length > LIMITS.tenantChars) {
    throw new TrailError(
      "query.invalid",
      `X-Daybook-Tenant must be at most ${LIMITS.tenantChars} characters.`,
      { field: "tenant" },
    );
  }
  return tenant;
}
