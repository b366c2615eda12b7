import { AssertionError } from "node:assert";
import { describe, expect, it } from "vitest";
import { testTrail } from "../../src/integrations/testing/index.ts";

/** An agent as its owner would write it. */
async function agent(trail: ReturnType<typeof testTrail>): Promise<void> {
  const refund = trail.tools.wrap("refund", async ({ invoice }: { invoice: number }) => {
    if (invoice === 43) throw new Error("The card was declined.");
    return { refunded: invoice };
  });
  await refund({ invoice: 42 });
  await refund({ invoice: 43 }).catch(() => undefined);
  trail.record({ type: "mail.sent", data: { to: ["ada", "bob"], key: "sk-ant-api03-0123456789abcdefghij" } });
}

const said = (rejected: Promise<unknown>): Promise<string> =>
  rejected.then(
    () => "nothing was wrong",
    (thrown: unknown) => {
      expect(thrown).toBeInstanceOf(AssertionError);
      return (thrown as Error).message;
    },
  );

describe("a trail for tests", () => {
  it("gives what was recorded, by pattern, and calls with their arguments and ends", async () => {
    await using trail = testTrail({ agent: "billing" });
    await agent(trail);
    expect((await trail.calls("refund")).map(({ args, status, result }) => [args, status, result])).toEqual([
      [{ invoice: 42 }, "ok", { refunded: 42 }],
      [{ invoice: 43 }, "error", undefined],
    ]);
    expect(await trail.calls("unheard")).toEqual([]);
    expect(await trail.recorded({ tool: "refund", phase: "started" })).toHaveLength(2);
    const [failed] = await trail.assertRecorded(
      { tool: "refund", status: "error", error: /declined/ },
      { times: 1 },
    );
    expect(failed?.agent).toBe("billing");
    await trail.assertRecorded({ type: "mail.sent", data: { to: ["ada", /^b/] } });
    await trail.assertRecorded({ durationMs: (ms) => ms !== null && ms < 60_000 });
    await trail.assertNotRecorded({ type: "mail.sent", data: { to: ["ada"] } });
    await trail.assertNoOpenCalls();
  });

  it("redacts as a real one does", async () => {
    await using trail = testTrail();
    await agent(trail);
    expect(JSON.stringify(await trail.recorded())).not.toContain("0123456789abcdefghij");
  });

  it("says what was recorded instead, and where the nearest event differs", async () => {
    await using trail = testTrail();
    expect(await said(trail.assertRecorded({ tool: "refund" }))).toBe(
      "No event matched { tool: 'refund' }.\nNothing was recorded.",
    );
    await agent(trail);
    const message = await said(
      trail.assertRecorded({ tool: "refund", status: "denied", phase: "completed" }),
    );
    expect(message.split("\n").slice(0, 3)).toEqual([
      "No event matched { tool: 'refund', status: 'denied', phase: 'completed' }.",
      "Nearest is event 2:",
      "  status is 'ok', not 'denied'",
    ]);
    expect(message).toContain("  4  tool.execute  completed  error  refund  “The card was declined.”");
  });

  it("fails for too many, for what should not be there, and for what began and did not end", async () => {
    await using trail = testTrail();
    await agent(trail);
    expect(await said(trail.assertRecorded({ tool: "refund", phase: "started" }, { times: 1 }))).toMatch(
      /^2 events, not 1, matched/,
    );
    expect(await said(trail.assertNotRecorded({ type: "mail.sent" }))).toMatch(/^1 events matched/);
    trail.tools.start({ tool: "slow" });
    expect(await said(trail.assertNoOpenCalls())).toContain("tool.execute  started  pending  slow");
  });
});
