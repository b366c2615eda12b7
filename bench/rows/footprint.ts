import type { Loaded } from "../load.ts";
import { inFolder, plain, type Row } from "../measure.ts";
import { build, output, residentMiB, runsBuild, serve } from "../program.ts";

/** The threads give memory back after a second of rest. */
const REST_MS = 3_000;
const REQUESTS = 100;

export const footprint: Row = {
  name: "footprint",
  title: "footprint: the entry, and an idle server",
  run: ({ rounds, quick }) =>
    inFolder(async (dir) => {
      const isBuilt = await build();
      const packages: number[] = [];
      const importMs: number[] = [];
      const readyMs: number[] = [];
      const fresh: number[] = [];
      const worked: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const entry = await output<{ packages: string[]; ms: number }>("entry.ts");
        packages.push(entry.packages.length);
        importMs.push(entry.ms);
        const server = await serve(dir, `${dir}/serve-${round}.db`);
        try {
          readyMs.push(server.readyMs);
          await rest(quick);
          fresh.push(residentMiB(server.child.pid ?? 0));
          const load = {
            port: Number(server.url.port),
            path: "/api/v1/events/bulk",
            kind: "bulk",
            connections: 4,
            requests: REQUESTS,
          };
          await output<Loaded>("load.ts", JSON.stringify(load));
          await (await fetch(new URL("/api/v1/events?page[size]=50", server.url))).arrayBuffer();
          await rest(quick);
          worked.push(residentMiB(server.child.pid ?? 0));
        } finally {
          await server.stop();
        }
      }
      const what = runsBuild() ? "the build" : "the sources";
      const note = isBuilt ? `of ${what}` : `of ${what}; a fresh build failed`;
      const most = (atMost: number) => ({ goal: { of: "figure", atMost } as const, note });
      return [
        plain("npm packages that importing the entry loads", "packages", packages, {
          goal: { of: "figure", atMost: 0 },
        }),
        plain("importing the entry", "ms", importMs, { note: "of the sources, types stripped on the way" }),
        plain("daybook serve: from start to a ready answer", "ms", readyMs, most(1_000)),
        plain("daybook serve: resident memory, idle from the start", "MiB", fresh, most(120)),
        plain("daybook serve: resident memory, idle after 10 000 events", "MiB", worked, most(120)),
      ];
    }),
};

const rest = (quick: boolean): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, quick ? REST_MS / 2 : REST_MS));
