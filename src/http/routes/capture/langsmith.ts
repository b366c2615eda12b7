import type { Context } from "hono";
import { TrailError } from "../../../base/error.ts";
import { isObject } from "../../../base/json.ts";
import { LIMITS } from "../../../event/limits.ts";
import { batchOfParts, type RunBatch, type RunFields } from "../../../ingest/langsmith/multipart.ts";
import { fromLangSmith, runEventId, runOfEvent } from "../../../ingest/langsmith/runs.ts";
import { type Access, writerScope } from "../../access.ts";
import { parseJson } from "../../body.ts";
import { askedBy } from "../../door.ts";
import { LANGSMITH_PREFIXES } from "../../openapi/capture.ts";
import { invalid } from "../../params.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";
import { commitIngested } from "./intake.ts";
import { Recent } from "./recent.ts";

/** Runs whose beginning is remembered for an end that does not repeat it. */
const RUNS_MAX = 10_000;
const INFO = {
  instance_flags: { gzip_body_enabled: true, zstd_compression_enabled: true },
  batch_ingest_config: {
    use_multipart_endpoint: true,
    size_limit: 100,
    size_limit_bytes: 20 * 1_048_576,
    scale_up_nthreads_limit: 4,
    scale_up_qsize_trigger: 1_000,
    scale_down_nempty_trigger: 4,
  },
};

/**
 * The part of LangSmith's API that its clients record with: `LANGSMITH_ENDPOINT=http://host/langsmith`.
 * Answers when what became events is committed.
 */
export function langSmithRoutes(route: Route, state: ServerState): void {
  const begun = new Recent<RunFields>(RUNS_MAX);
  const take = async (c: Context, access: Access, batch: RunBatch): Promise<Response> => {
    await record(state, access, batch, begun);
    return c.json({ message: "Runs taken." }, 202);
  };
  const jsonBody = async (c: Context): Promise<RunFields> => {
    const body = parseJson(await askedBy(c).body(LIMITS.bodyBytes));
    if (isObject(body)) return body;
    throw new TrailError("request.malformed", "The body must be a JSON object.");
  };
  for (const prefix of LANGSMITH_PREFIXES) {
    route("get", `${prefix}/info`, (c) => c.json(INFO));
    route("post", `${prefix}/runs/batch`, async (c, access) => {
      const { post, patch } = await jsonBody(c);
      return take(c, access, { post: listOf(post, "post"), patch: listOf(patch, "patch") });
    });
    route("post", `${prefix}/runs/multipart`, async (c, access) => take(c, access, await partsOf(c)));
    route("post", `${prefix}/runs`, async (c, access) =>
      take(c, access, { post: [await jsonBody(c)], patch: [] }),
    );
    route("patch", `${prefix}/runs/{id}`, async (c, access) =>
      take(c, access, { post: [], patch: [{ ...(await jsonBody(c)), id: c.req.param("id") }] }),
    );
  }
}

function listOf(value: unknown, field: string): RunFields[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value as RunFields[];
  throw invalid(field, "must be a list of runs.");
}

async function partsOf(c: Context): Promise<RunBatch> {
  const body = await askedBy(c).body(LIMITS.bodyBytes);
  const type = c.req.header("content-type") ?? "";
  let form: FormData;
  try {
    form = await new Response(new Uint8Array(body), { headers: { "Content-Type": type } }).formData();
  } catch (cause) {
    throw new TrailError("request.malformed", "The body must be multipart/form-data.", { cause });
  }
  const parts: Array<[string, string]> = [];
  for (const [name, value] of form) {
    if (!name.startsWith("attachment.")) {
      parts.push([name, typeof value === "string" ? value : await value.text()]);
    }
  }
  const { bad, ...batch } = batchOfParts(parts);
  if (bad[0] !== undefined) throw invalid(bad[0], "must be JSON.");
  return batch;
}

async function record(
  state: ServerState,
  access: Access,
  batch: RunBatch,
  begun: Recent<RunFields>,
): Promise<void> {
  const scope = writerScope(access);
  const recent = begun.of(access.tenant);
  const known = new Map<string, RunFields>();
  for (const run of batch.patch) {
    if (!isObject(run) || typeof run.id !== "string") continue;
    const before = recent.get(run.id) ?? (await startedRun(state, access, run));
    if (before !== undefined) known.set(run.id, before);
  }
  const ingested = fromLangSmith(batch, scope, (id) => known.get(id));
  if (ingested.accepted === 0 && ingested.rejected[0] !== undefined) {
    const { index, reason } = ingested.rejected[0];
    throw invalid(`run ${index}`, `${reason}.`);
  }
  await commitIngested(state, "langsmith", ingested, scope);
  // Without what it carries: an end says its own, and what it read stands in the start's event.
  for (const run of batch.post) {
    if (isObject(run) && typeof run.id === "string") {
      const { inputs: _inputs, outputs: _outputs, events: _events, serialized: _serialized, ...rest } = run;
      recent.set(run.id, rest);
    }
  }
}

/** A run that began before this server did, by the event of its start; only where its end does not say its kind. */
async function startedRun(
  state: ServerState,
  access: Access,
  run: RunFields,
): Promise<RunFields | undefined> {
  if (run.run_type !== undefined && run.run_type !== null) return undefined;
  const event = await state.trail.forTenant(access.tenant).events.get(runEventId(run));
  return event === null ? undefined : runOfEvent(event);
}
