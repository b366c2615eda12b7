import { describe, expect, it } from "vitest";
import type { WireEvent } from "../api/events.ts";
import { keepsHalvesTogether, toLines } from "./lines.ts";
import { parseQuery } from "./query-text.ts";

const make = (seq: number, given: Partial<WireEvent>): WireEvent =>
  ({
    id: `e${seq}`,
    seq,
    phase: null,
    start_id: null,
    agent: null,
    status: null,
    duration_ms: null,
    occurred_at: new Date(1_700_000_000_000 + seq * 1_000).toISOString(),
    data: {},
    ...given,
  }) as WireEvent;

const EVENTS = [
  make(5, { phase: "started", status: "pending" }),
  make(4, { phase: "completed", start_id: "gone", status: "ok" }),
  make(3, { phase: "completed", start_id: "e1", status: "error", data: { result: 1 } }),
  make(2, { status: "ok" }),
  make(1, { phase: "started", status: "pending", agent: "bot", data: { arguments: { a: 1 } } }),
];

describe("the rows of the list", () => {
  it("are one for a call, where it began, with what each half tells", () => {
    const lines = toLines(EVENTS, { join: true, knowsOpen: true });
    expect(lines.map(({ key, isOpen, startId }) => [key, isOpen, startId])).toEqual([
      [5, true, null],
      [4, false, null],
      [2, false, null],
      [1, false, "e1"],
    ]);
    expect(lines[3]?.event).toMatchObject({
      id: "e3",
      seq: 3,
      status: "error",
      agent: "bot",
      duration_ms: 2_000,
      occurred_at: EVENTS[4]?.occurred_at,
      data: { arguments: { a: 1 }, result: 1 },
    });
  });

  it("are one for each event where that is asked for, and claim nothing to be open that cannot be known", () => {
    const lines = toLines(EVENTS, { join: false, knowsOpen: false });
    expect(lines.map(({ key }) => key)).toEqual([5, 4, 3, 2, 1]);
    expect(lines.some(({ isOpen }) => isOpen)).toBe(false);
    expect(keepsHalvesTogether(parseQuery("agent:bot tool:x").terms)).toBe(true);
    expect(keepsHalvesTogether(parseQuery("status:pending").terms)).toBe(false);
  });

  it("take the first of several ends", () => {
    const twice = [make(9, { phase: "completed", start_id: "e1", status: "ok" }), ...EVENTS];
    const lines = toLines(twice, { join: true, knowsOpen: true });
    expect(lines.map(({ event }) => event.seq)).toEqual([9, 5, 4, 2, 3]);
  });
});
