import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HOOK_SNIPPETS } from "../../ui/feed/hook-snippets.ts";
import { type Driver, run } from "./lane.ts";
import type { Call, Script } from "./provider.ts";

const id = (name: string): string => `call_${name}`.padEnd(24, "0");
const call = (name: string, tool: string, args: Record<string, unknown>): { calls: Call[] } => ({
  calls: [{ id: id(name), name: tool, args }],
});
const command = (name: string, text: string) =>
  call(name, "bash", { command: text, description: "A command." });
const SCRIPT: Script = {
  alpha: [
    command("ok", "echo hello"),
    command("failed", "cat /nonexistent"),
    command("ruled", "rm forbidden.txt"),
    call("read", "read", { filePath: "/missing.txt" }),
    call("task", "task", { description: "look", prompt: "charlie: look", subagent_type: "general" }),
    { text: "All done." },
  ],
  charlie: [command("inner", "echo inner"), { text: "Looked around." }],
  delta: [command("refused", "touch risky.txt"), { text: "Done again." }],
};

/** opencode with the plugin of the documents. Where nobody is there to be asked, it answers no for them. */
export function opencode(folder: "plugin" | "plugins"): Driver {
  return {
    agent: "opencode",
    script: SCRIPT,
    transcripts: /^$/,
    async drive(lane, program) {
      const plugins = join(lane.work, ".opencode", folder);
      mkdirSync(plugins, { recursive: true });
      const plugin = HOOK_SNIPPETS.find(({ agent }) => agent === "opencode")?.text(lane.address) ?? "";
      writeFileSync(join(plugins, "daybook.js"), plugin);
      const models = {
        "gpt-5": { name: "gpt-5", tool_call: true, limit: { context: 100_000, output: 10_000 } },
      };
      const options = { baseURL: `${lane.provider.url}/v1`, apiKey: "none" };
      const config = {
        autoupdate: false,
        share: "disabled",
        model: "fake/gpt-5",
        small_model: "fake/gpt-5",
        provider: { fake: { npm: "@ai-sdk/openai-compatible", name: "Fake", options, models } },
        permission: {
          bash: { "*": "allow", "rm *": "deny", "touch risky*": "ask" },
          external_directory: "allow",
        },
        experimental: { openTelemetry: true },
      };
      writeFileSync(join(lane.work, "opencode.json"), JSON.stringify(config));
      const env = {
        HOME: lane.home,
        OPENCODE_DISABLE_AUTOUPDATE: "1",
        OPENCODE_DISABLE_MODELS_FETCH: "1",
        OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
        OTEL_EXPORTER_OTLP_ENDPOINT: lane.otlp,
      };
      for (const prompt of ["alpha: do it", "delta: do more"])
        await run(program, ["run", prompt], { cwd: lane.work, env });
    },
  };
}
