import type { Micros } from "../../base/clock.ts";
import type { JsonObject } from "../../base/json.ts";
import type { Store } from "../../store/store.ts";
import { sortable } from "../../view/projection.ts";

const PAGE_ROWS = 1_000;

/** The rows of a group within the span, in order of time. */
export async function bucketsOf(
  store: Store,
  tenant: string,
  group: string,
  span: { readonly since: Micros; readonly until: Micros },
): Promise<JsonObject[]> {
  const docs: JsonObject[] = [];
  let after: { sort: string; key: string } | undefined;
  do {
    const page = await store.rows({
      tenant,
      view: "totals",
      group,
      from: sortable(span.since),
      to: sortable(span.until - 1),
      direction: "asc",
      limit: PAGE_ROWS,
      ...(after === undefined ? {} : { after }),
    });
    docs.push(...page.rows.map(({ doc }) => doc));
    after = page.end ?? undefined;
  } while (after !== undefined);
  return docs;
}
