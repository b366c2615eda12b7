import type { JsonObject } from "../../../base/json.ts";
import { LIMITS } from "../../../event/limits.ts";
import { fromOpenAiTraces } from "../../../ingest/openai-traces.ts";
import { writerScope } from "../../access.ts";
import { parseJson } from "../../body.ts";
import { askedBy } from "../../door.ts";
import { invalid } from "../../params.ts";
import type { Route } from "../../routing.ts";
import type { ServerState } from "../../server-state.ts";
import { commitIngested } from "./intake.ts";
import { Recent } from "./recent.ts";

/** Traces whose record is remembered for spans of later batches. */
const TRACES_MAX = 1_000;

/**
 * The address that the OpenAI Agents SDK posts its traces to: `new OpenAITracingExporter({ endpoint })`.
 * Answers when what became events is committed; a store that is away is a 503, which the exporter retries.
 */
export function openAiTraceRoutes(route: Route, state: ServerState): void {
  const known = new Recent<JsonObject>(TRACES_MAX);
  route("post", "/v1/traces/ingest", async (c, access) => {
    const scope = writerScope(access);
    const body = parseJson(await askedBy(c).body(LIMITS.bodyBytes));
    const ingested = fromOpenAiTraces(body, scope, known.of(access.tenant));
    if (ingested.accepted === 0 && ingested.rejected[0] !== undefined) {
      const { index, reason } = ingested.rejected[0];
      throw invalid(`data[${index}]`, `${reason}.`);
    }
    await commitIngested(state, "openai-traces", ingested, scope);
    return c.body(null, 204);
  });
}
