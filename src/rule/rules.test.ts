import { afterAll, describe, expect, it } from "vitest";
import { checkLogic, checkTransform } from "./check.ts";
import { Rules } from "./rules.ts";

const rules = new Rules();
afterAll(() => rules.close());

const values = async (rule: unknown, ...inputs: unknown[]) =>
  (await rules.evaluate("logic", rule, inputs)).map(({ value }) => value);

describe("JSON Logic", () => {
  it("says true or false of each input", async () => {
    const rule = { and: [{ "==": [{ var: "status" }, "error"] }, { ">": [{ var: "data.amount" }, 10] }] };
    expect(
      await values(
        rule,
        { status: "error", data: { amount: 11 } },
        { status: "error", data: { amount: 10 } },
        { status: "ok" },
      ),
    ).toEqual([true, false, false]);
    expect(await values({ in: ["refund", { var: "description" }] }, { description: "a refund" }, {})).toEqual(
      [true, false],
    );
  });

  it("is refused with its place where it is none", () => {
    expect(() => checkLogic({ and: [{ "==": [1, 1] }, { nope: 1 }] }, "filter")).toThrow(
      'filter has the unknown operation "nope" at /and/1.',
    );
    expect(() => checkLogic({ method: [{ var: "x" }, "constructor"] }, "filter")).toThrow(
      "unknown operation",
    );
    expect(() => checkLogic("x", "filter")).toThrow("must be a JSON Logic object");
    let deep: unknown = 1;
    for (let i = 0; i < 100; i++) deep = { "!": [deep] };
    expect(() => checkLogic(deep, "filter")).toThrow("nested deeper");
    expect(() => checkLogic({ "==": [{ var: "a" }, "x".repeat(70_000)] }, "filter")).toThrow("at most");
  });

  it("reaches no function, whatever it names", async () => {
    const [result] = await rules.evaluate("logic", { method: [{ var: "" }, "toString"] }, [{}]);
    expect(result?.error).toMatch(/Unrecognized operation method/);
  });
});

describe("JSONata", () => {
  it("makes a document of each input, and says what failed", async () => {
    const results = await rules.evaluate("transform", '{ "who": actor_id, "n": $number(data.n) }', [
      { actor_id: "alice", data: { n: "7" } },
      { actor_id: "bob", data: { n: "seven" } },
    ]);
    expect(results[0]?.value).toEqual({ who: "alice", n: 7 });
    expect(results[1]?.error).toMatch(/cast/i);
  });

  it("is refused with its position where it cannot be read", () => {
    expect(() => checkTransform('{ "a": }', "transform")).toThrow(/at character \d+/);
    expect(() => checkTransform("", "transform")).toThrow("must be a JSONata expression");
  });

  it.each([
    ["recursion", "($f := function($x) { $f($x) & $f($x) }; $f(1))"],
    ["a list that fills the memory", "[1..9999999].[1..9999]"],
  ])("loses its process and nothing else over %s", async (_, text) => {
    await expect(rules.evaluate("transform", text, [{}], 300)).rejects.toMatchObject({ code: "rule.failed" });
    expect(await values({ "==": [1, 1] }, {})).toEqual([true]);
  });
});
