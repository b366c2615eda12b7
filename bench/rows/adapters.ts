import { openTrail } from "../../src/index.ts";
import type { Target } from "../../src/integrations/recorder.ts";
import type { Work } from "../agents/work.ts";
import { compare, type Figure, inFolder, interleave, type Row } from "../measure.ts";

interface Contender {
  readonly what: string;
  /** So often in a round of a full run. */
  readonly times: number;
  readonly baseline?: string;
  make(trail?: Target): Promise<Work>;
}

/** The frameworks take a second to load: only who measures them waits for it. */
const CONTENDERS: readonly Contender[] = [
  {
    what: "AI SDK 7: two model calls, one tool call",
    times: 300,
    make: async (trail) => (await import("../agents/ai-sdk.ts")).aiSdk7(trail),
  },
  {
    what: "AI SDK 6: two model calls, one tool call",
    times: 300,
    make: async (trail) => (await import("../agents/ai-sdk.ts")).aiSdk6(trail),
  },
  {
    what: "AI SDK 5, by its spans: two model calls, one tool call",
    times: 300,
    baseline: "the framework alone, without spans",
    make: async (trail) => (await import("../agents/ai-sdk.ts")).aiSdk5(trail),
  },
  {
    what: "LangChain: two model calls, one tool call",
    times: 150,
    make: async (trail) => (await import("../agents/langchain.ts")).langChain(trail),
  },
  {
    what: "OpenAI Agents: two model calls, one tool call",
    times: 200,
    make: async (trail) => (await import("../agents/openai-agents.ts")).openAiAgents(trail),
  },
  {
    what: "Mastra, by its spans: two model calls, one tool call",
    times: 50,
    baseline: "the framework alone, without spans",
    make: async (trail) => (await import("../agents/mastra.ts")).mastra(trail),
  },
  {
    what: "OpenTelemetry: a run, two model calls, one tool call",
    times: 2_000,
    baseline: "the same spans through a batch processor alone",
    make: async (trail) => (await import("../agents/otel.ts")).otel(trail),
  },
  {
    what: "MCP SDK 1: one call of a tool",
    times: 2_000,
    make: async (trail) => (await import("../agents/mcp.ts")).mcp1(trail),
  },
  {
    what: "MCP SDK 2: one call of a tool",
    times: 2_000,
    make: async (trail) => (await import("../agents/mcp.ts")).mcp2(trail),
  },
  {
    what: "Claude Agent SDK: the hooks and the result of a session with seven calls",
    times: 500,
    baseline: "hooks that do nothing",
    make: async (trail) => (await import("../agents/claude-agent.ts")).claudeAgent(trail),
  },
];

/**
 * Processor time of the agent's thread for one round of work, with the adapter and without: the model is a
 * stand-in that answers at once, so this is the framework's own work. The trail is a file, spooled.
 */
export const adapters: Row = {
  name: "adapters",
  title: "an adapter on the agent's thread, beside the framework alone",
  run: ({ rounds, size }) =>
    inFolder(async (dir) => {
      const figures: Figure[] = [];
      for (const contender of CONTENDERS) {
        const path = `${dir}/${figures.length}.db`;
        figures.push(await besideAlone(contender, path, rounds, size(contender.times)));
      }
      return figures;
    }),
};

async function besideAlone(
  { what, baseline = "the framework alone", make }: Contender,
  path: string,
  rounds: number,
  times: number,
): Promise<Figure> {
  const trail = openTrail(path);
  const [alone, recorded] = [await make(), await make(trail)];
  const { ours, theirs } = await interleave(rounds, {
    ours: async () => {
      const figure = await busyPer(times, recorded);
      await trail.flush({ timeoutMs: 60_000 });
      return figure;
    },
    theirs: () => busyPer(times, alone),
  });
  const { recorded: events, dropped } = trail.health();
  await trail.close();
  const perRound = Math.round(events / (times * (rounds + 1)));
  const note = `${perRound} events each${dropped === 0 ? "" : `; ${dropped} were dropped`}`;
  return compare(what, "µs", ours, { what: baseline, rounds: theirs }, { note });
}

async function busyPer(times: number, work: Work): Promise<number> {
  const before = process.threadCpuUsage();
  for (let i = 0; i < times; i++) await work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / times;
}
