import { readFileSync } from "node:fs";
import { type ClaudeHookName, recordClaudeAgent } from "../../src/integrations/claude-agent/index.ts";
import type { Target } from "../../src/integrations/recorder.ts";
import type { Work } from "./work.ts";

const SAMPLES = new URL("../../test/samples/claude-code/", import.meta.url);

interface Told {
  readonly hook_event_name: ClaudeHookName;
  readonly toolUseID: string;
  readonly input: Record<string, unknown>;
}

const goOn = async (_input: unknown, _id?: string) => ({ continue: true as const });

/**
 * What a recorded session of the SDK told its hooks, and the result that its query yielded, each round as a session
 * of its own. The program itself runs in another process; without a trail the hooks do nothing.
 */
export function claudeAgent(trail?: Target): Work {
  const told = JSON.parse(readFileSync(new URL("sdk-hooks.json", SAMPLES), "utf8")) as Told[];
  const result = JSON.parse(readFileSync(new URL("sdk-result.json", SAMPLES), "utf8")) as object;
  const claude = trail === undefined ? undefined : recordClaudeAgent(trail);
  let round = 0;
  async function* query() {
    yield { ...result, session_id: `s${round}`, uuid: `u${round}` };
  }
  return async () => {
    round++;
    for (const { hook_event_name: name, toolUseID, input } of told) {
      const payload = { ...input, session_id: `s${round}` };
      for (const { hooks } of claude?.hooks[name] ?? [{ hooks: [goOn] }])
        for (const hook of hooks) await hook(payload, `${toolUseID}-${round}`);
    }
    for await (const _message of claude?.watch(query()) ?? query());
  };
}
