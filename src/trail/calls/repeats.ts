import type { JsonValue } from "../../base/json.ts";
import type { AuditEvent } from "../../event/event.ts";
import { callDigest, fingerprintOf } from "../../event/fingerprint.ts";
import { LIMITS } from "../../event/limits.ts";
import type { Position } from "../../query/filter.ts";
import type { Store } from "../../store/store.ts";
import { makeSaltKey } from "../seal/sealer.ts";
import type { Scope } from "../trail.ts";

/** Whether this exact call has run before. */
export interface Repeats {
  /** What stands for tool and arguments under the tenant's key: 32 hex digits. */
  readonly fingerprint: string;
  /** The calls with the same tool and arguments, newest first: their first events. */
  readonly calls: readonly AuditEvent[];
  /** Calls of the tool that were looked at. */
  readonly looked: number;
  /** True where older ones were not looked at. */
  readonly exhausted: boolean;
}

export interface RepeatsQuery extends Scope {
  tool: string;
  args: unknown;
  /** Calls to name; default 50. */
  limit?: number;
  /** Calls of the tool to look at, newest first; default 100 000. */
  lookMax?: number;
}

const LIMIT = 50;
const LOOK_MAX = 100_000;

/** The fingerprint of a call in a tenant, of its arguments as they are recorded: after redaction. */
export async function fingerprintIn(
  store: Store,
  tenant: string,
  tool: string | null,
  args: JsonValue,
): Promise<string> {
  return fingerprintOf(await makeSaltKey(store, tenant), callDigest(tool, args));
}

export async function findRepeats(store: Store, ownTenant: string, query: RepeatsQuery): Promise<Repeats> {
  const { tool, args, tenant = ownTenant, limit = LIMIT, lookMax = LOOK_MAX } = query;
  const wanted = callDigest(tool, plain(args));
  const calls: AuditEvent[] = [];
  let looked = 0;
  let after: Position | undefined;
  let isOver = false;
  while (!isOver && looked < lookMax && calls.length < limit) {
    const page = await store.list({
      tenant,
      where: [
        { op: "any", field: "category", values: ["tool_call"] },
        { op: "any", field: "tool", values: [tool] },
        { op: "none", field: "phase", values: ["completed"] },
      ],
      order: "seq",
      direction: "desc",
      limit: LIMITS.pageSize,
      scanMax: LIMITS.scanRows,
      ...(after === undefined ? {} : { after }),
    });
    looked += page.events.length;
    for (const event of page.events) {
      const { arguments: own } = event.data;
      if (own !== undefined && calls.length < limit && callDigest(event.tool, own) === wanted)
        calls.push(event);
    }
    isOver = page.end === null;
    after = page.end ?? after;
  }
  const fingerprint = fingerprintOf(await makeSaltKey(store, tenant), wanted);
  return { fingerprint, calls, looked, exhausted: !isOver };
}

/** As JSON has it: what it cannot say is left out, as it was when it was recorded. */
function plain(args: unknown): JsonValue {
  return args === undefined ? null : JSON.parse(JSON.stringify(args) ?? "null");
}
