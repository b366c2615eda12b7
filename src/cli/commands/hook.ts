import type { Command } from "../command.ts";

export const hook: Command = {
  name: "hook",
  summary: "Record one hook payload of a coding agent from standard input; never in the agent's way.",
  argument: { name: "agent", doc: "which agent: claude-code …" },
  examples: [`echo '{"hook_event_name":"Stop","session_id":"s1"}' | daybook hook claude-code`],
  async run() {
    return 0;
  },
};
