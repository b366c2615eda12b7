import type { Context } from "hono";
import { TrailError } from "../../base/error.ts";
import { bundleFiles } from "../../evidence/files.ts";
import { parseFilters } from "../../query/params.ts";
import type { EvidenceOptions } from "../../trail/seal/evidence.ts";
import { type Access, denied } from "../access.ts";
import { Params } from "../params.ts";
import type { Route } from "../routing.ts";
import type { ServerState } from "../server-state.ts";

const SEQ_MAX = Number.MAX_SAFE_INTEGER;
const TYPES: Readonly<Record<string, string>> = {
  "verify.mjs": "text/javascript; charset=utf-8",
  "verify.py": "text/x-python; charset=utf-8",
  "README.txt": "text/plain; charset=utf-8",
};

/** Evidence bundles: the lines that prove events, and the programs that check them. */
export function evidenceRoutes(route: Route, state: ServerState): void {
  route("get", "/api/v1/evidence", (c, access) => bundle(c, access, state));

  route("get", "/api/v1/evidence/{file}", (c) => {
    const name = c.req.param("file") ?? "";
    const text = new Map(bundleFiles()).get(name);
    if (text === undefined)
      throw new TrailError("route.not_found", "A bundle has no such file.", {
        fix: `There are ${Object.keys(TYPES).join(", ")}.`,
      });
    return c.body(text, 200, { "Content-Type": TYPES[name] ?? "text/plain; charset=utf-8" });
  });
}

/** Everything that matches is shown, of every environment, with who read what: for auditors. */
async function bundle(c: Context, access: Access, state: ServerState): Promise<Response> {
  if (access.environments !== null) throw denied("Evidence holds every environment of the tenant.");
  const params = new Params(new URL(c.req.url).searchParams);
  const first = params.count("first", { min: 1, max: SEQ_MAX, fallback: 0 });
  const last = params.count("last", { min: 1, max: SEQ_MAX, fallback: 0 });
  const where = parseFilters(params.filters());
  params.end();
  if ((first === 0) !== (last === 0) || first > last || (first > 0 && where.length > 0))
    throw new TrailError("query.invalid", "first and last stand together, in order and without filters.", {
      field: "first",
    });
  const { tenant } = access;
  const options: EvidenceOptions =
    first > 0
      ? { tenant, range: [first, last], selection: `every event from ${first} to ${last}` }
      : { tenant, where, selection: `events that match ${JSON.stringify(where)}` };
  const lines = state.trail.evidence(options)[Symbol.asyncIterator]();
  // What is wrong shows before the first byte, as an error and not as a file that ends early.
  const header = await lines.next();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(Buffer.from(`${header.value}\n`));
    },
    async pull(controller) {
      const next = await lines.next();
      if (next.done === true) controller.close();
      else controller.enqueue(Buffer.from(`${next.value}\n`));
    },
    async cancel() {
      await lines.return?.();
    },
  });
  return c.body(body, 200, {
    "Content-Type": "application/x-ndjson",
    "Content-Disposition": 'attachment; filename="evidence.ndjson"',
  });
}
