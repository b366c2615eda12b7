import { describe, expect, it } from "vitest";
import { formatQuery, parseQuery, toFilters } from "./query-text.ts";

describe("the query as people write it", () => {
  it("reads keys, exclusions, quotes and free text, and writes them back", () => {
    const text = 'actor:alice status:denied -app:ci tool:"fs read" refund "two words"';
    const { terms, problem } = parseQuery(text);
    expect(problem).toBeNull();
    expect(terms).toEqual([
      { key: "actor", value: "alice", excluded: false },
      { key: "status", value: "denied", excluded: false },
      { key: "app", value: "ci", excluded: true },
      { key: "tool", value: "fs read", excluded: false },
      { key: "text", value: "refund", excluded: false },
      { key: "text", value: "two words", excluded: false },
    ]);
    expect(formatQuery(terms)).toBe(text);
  });

  it("becomes parameters of the API, with commas and dashes kept plain", () => {
    const params = toFilters(
      parseQuery("status:denied status:error -app:ci agent:a,b run:-x duration:>500 hello").terms,
    );
    expect([...params]).toEqual([
      ["filter[status]", "denied"],
      ["filter[status]", "error"],
      ["filter[app]", "-ci"],
      ["filter[agent]", "a\\,b"],
      ["filter[run_id]", "\\-x"],
      ["filter[duration_ms]", "(500,*)"],
      ["filter[text]", "hello"],
    ]);
  });

  it.each([
    ["stauts:ok", 'There is no key "stauts". Did you mean "status"?', 0],
    ["status:ok -word", "Only key:value can be excluded, such as -status:ok.", 10],
    ["duration:long", "duration takes a number: duration:>500, duration:<20 or duration:100..200.", 0],
  ])("says what is wrong with %s, and where", (text, message, at) => {
    expect(parseQuery(text).problem).toEqual({ message, at });
  });
});
