import { describe, expect, it } from "vitest";
import { redactionsOf } from "./redactions.ts";

describe("what was redacted", () => {
  it("is found wherever it stands, in the order of the event, each rule once", () => {
    const event = {
      description: "mail to [redacted:email] and [redacted:email], card [redacted:card_number]",
      error: null,
      data: { list: ["plain", { password: "[redacted:key_name]" }], count: 3 },
    };
    expect(redactionsOf(event)).toEqual([
      { path: "description", rules: ["email", "card_number"] },
      { path: "data.list.1.password", rules: ["key_name"] },
    ]);
    expect(redactionsOf({ data: {} })).toEqual([]);
  });

  it("is found however deep it stands", () => {
    let value: object = { secret: "[redacted:key_name]" };
    for (let depth = 0; depth < 5_000; depth++) value = { a: value };
    expect(redactionsOf(value)).toHaveLength(1);
  });
});
