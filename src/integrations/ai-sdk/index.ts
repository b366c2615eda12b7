import type { AdapterOptions, Target } from "../recorder.ts";
import { Recorder } from "../recorder.ts";
import { subscribe } from "./channel.ts";
import { AiSdkRuns } from "./runs.ts";
import { type AiSdkIntegration, integrationOf } from "./telemetry.ts";

export type { AdapterOptions, AiSdkIntegration, Target };

const NAMES = { source: "ai-sdk", origin: "vercel-ai" };

/**
 * A telemetry integration for the AI SDK: `registerTelemetry(recordAiSdk(trail))` in version 7,
 * `registerTelemetryIntegration(recordAiSdk(trail))` in version 6, or in `integrations` of one call. Runs, model
 * calls with tokens, tool calls, approvals and refusals, each when it happens. Never throws into the agent.
 *
 * @see https://ai-sdk.dev/docs/ai-sdk-core/telemetry
 */
export function recordAiSdk(trail: Target, options: AdapterOptions = {}): AiSdkIntegration {
  return integrationOf(new AiSdkRuns(new Recorder(trail, NAMES, options)));
}

/**
 * Records every call of the AI SDK in this process, without a change to the code that makes them: version 7 by
 * its diagnostics channel and its list of integrations, version 6 by that list. Returns what ends it.
 */
export function observeAiSdk(trail: Target, options: AdapterOptions = {}): () => void {
  const runs = new AiSdkRuns(new Recorder(trail, NAMES, options));
  const integration = integrationOf(runs);
  const unsubscribe = subscribe(runs);
  // What `registerTelemetry` does, for which the SDK itself would have to be imported.
  const shared = globalThis as { AI_SDK_TELEMETRY_INTEGRATIONS?: unknown[] };
  shared.AI_SDK_TELEMETRY_INTEGRATIONS ??= [];
  const registered = shared.AI_SDK_TELEMETRY_INTEGRATIONS;
  registered.push(integration);
  return () => {
    unsubscribe();
    const at = registered.indexOf(integration);
    if (at >= 0) registered.splice(at, 1);
  };
}
