import { describe, expect, it } from "vitest";
import type { WireEvent } from "../api/events.ts";
import { toSteps } from "./steps.ts";

const event = (id: string, more: Partial<WireEvent> = {}): WireEvent =>
  ({
    id,
    phase: null,
    start_id: null,
    parent_id: null,
    duration_ms: null,
    status: null,
    occurred_at: "2026-01-01T00:00:01.000Z",
    ...more,
  }) as WireEvent;

describe("the steps of a run", () => {
  it("join the halves of a call, and leave a call without an end open", () => {
    const steps = toSteps([
      event("a", { phase: "started", status: "pending" }),
      event("b", { phase: "started", status: "pending" }),
      event("c", {
        phase: "completed",
        status: "ok",
        start_id: "a",
        occurred_at: "2026-01-01T00:00:03.000Z",
      }),
    ]);
    expect(
      steps.map((step) => [step.event.id, step.end?.id, step.status, step.isOpen, step.to - step.from]),
    ).toEqual([
      ["a", "c", "ok", false, 2_000],
      ["b", undefined, "pending", true, 0],
    ]);
  });

  it("nest under parents, keep the order of the log, and lose nothing to circles or unknown parents", () => {
    const steps = toSteps([
      event("root"),
      event("x", { parent_id: "elsewhere" }),
      event("child", { parent_id: "root" }),
      event("grandchild", { parent_id: "child" }),
      event("second", { parent_id: "root" }),
      event("p", { parent_id: "q" }),
      event("q", { parent_id: "p" }),
    ]);
    expect(steps.map(({ event: { id }, depth }) => `${id} ${depth}`)).toEqual([
      "root 0",
      "child 1",
      "grandchild 2",
      "second 1",
      "x 0",
      "p 0",
      "q 0",
    ]);
  });

  it("begin before they were told, where only the time they took is known", () => {
    const [step] = toSteps([event("llm", { duration_ms: 400 })]);
    expect([step?.from, step?.to]).toEqual([
      Date.UTC(2026, 0, 1, 0, 0, 0, 600),
      Date.UTC(2026, 0, 1, 0, 0, 1),
    ]);
  });

  it("take ten thousand in a chain", () => {
    const chain = Array.from({ length: 10_000 }, (_, i) =>
      event(`e${i}`, i === 0 ? {} : { parent_id: `e${i - 1}` }),
    );
    expect(toSteps(chain).at(-1)).toMatchObject({ depth: 9_999 });
  });
});
