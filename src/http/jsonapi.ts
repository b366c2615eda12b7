import { TrailError } from "../base/error.ts";
import type { AuditEvent } from "../event/event.ts";
import { LIMITS } from "../event/limits.ts";
import { SYSTEM_TENANT } from "../event/vocabulary.ts";
import { toWire } from "../event/wire.ts";
import { type Headed, headerText } from "./door.ts";

/** An event as a JSON:API resource: the id apart, every other wire field an attribute. */
export function toResource(event: AuditEvent): {
  type: "event";
  id: string;
  attributes: Record<string, unknown>;
} {
  const { id, ...attributes } = toWire(event);
  return { type: "event", id, attributes };
}

/** The tenant that a request names, as options of the trail. */
export function scopeOf(asked: Headed): { tenant?: string } {
  const tenant = headerText(asked, "x-daybook-tenant");
  if (tenant === undefined) return {};
  if (tenant.length > LIMITS.tenantChars) {
    throw new TrailError(
      "query.invalid",
      `X-Daybook-Tenant must be at most ${LIMITS.tenantChars} characters.`,
      { field: "X-Daybook-Tenant" },
    );
  }
  return { tenant };
}

/** The same for doors that write without the strict reading, which guards the system's tenant itself. */
export function writerScopeOf(asked: Headed): { tenant?: string } {
  const scope = scopeOf(asked);
  if (scope.tenant === SYSTEM_TENANT) {
    throw new TrailError("query.invalid", `X-Daybook-Tenant must not be the reserved "${SYSTEM_TENANT}".`, {
      field: "X-Daybook-Tenant",
    });
  }
  return scope;
}
