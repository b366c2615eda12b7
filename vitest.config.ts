import { defineConfig } from "vitest/config";

/** Tests that start processes or a browser run from the built files; this builds what is stale. */
const built = { globalSetup: ["test/built.mjs"] };

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Conditions are polled; on a busy machine a process may take seconds to come up.
    expect: { poll: { timeout: 10_000 } },
    maxWorkers: 2,
    // V8's bookkeeping of code pages races when threads come and go by the hundred, where the processor has
    // protection keys: "Check failed: jit_page.has_value()" (nodejs/node#64500).
    execArgv: ["--no-memory-protection-keys"],
    projects: [
      { extends: true, test: { name: "unit", include: ["src/**/*.test.ts", "ui/**/*.test.{ts,tsx}"] } },
      { extends: true, test: { name: "house", include: ["test/tidy/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "system",
          include: ["test/**/*.test.ts"],
          exclude: ["test/{tidy,cli,browser,postgres,claude}/**"],
        },
      },
      {
        extends: true,
        test: {
          name: "postgres",
          include: ["test/{postgres,parity,http,access}/**/*.test.ts"],
          globalSetup: ["test/postgres/server.ts"],
        },
      },
      { extends: true, test: { name: "program", include: ["test/cli/**/*.test.ts"], ...built } },
      {
        extends: true,
        test: {
          name: "claude",
          include: ["test/claude/*.test.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
          ...built,
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 60_000,
          ...built,
        },
      },
    ],
  },
});
