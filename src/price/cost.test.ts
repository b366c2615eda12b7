import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costOfTokens, type Tokens } from "./cost.ts";
import { PRICES, pricesDocument } from "./prices.ts";
import { parsePrices, priceOf } from "./table.ts";

const tokens = (more: Partial<Tokens>): Tokens => ({
  input: 0,
  cached: 0,
  written: 0,
  writtenLong: 0,
  output: 0,
  ...more,
});
const SONNET = { input: "3", output: "15", cacheRead: "0.3", cacheWrite: "3.75", cacheWrite1h: "6" };

describe("the cost of tokens", () => {
  it("prices each token once, by how it was read", () => {
    const all = tokens({
      input: 1_000_000,
      cached: 600_000,
      written: 100_000,
      writtenLong: 50_000,
      output: 10_000,
    });
    // 250 000 at 3, 600 000 at 0.3, 100 000 at 3.75, 50 000 at 6, 10 000 at 15
    expect(costOfTokens(all, SONNET, false)).toBe("1.755");
  });

  it("takes the input's price where a table says nothing of the cache", () => {
    const plain = { input: "2", output: "8" };
    expect(costOfTokens(tokens({ input: 100, cached: 90, written: 5 }), plain, false)).toBe("0.0002");
  });

  it("has another price for long requests where the table has one", () => {
    const price = { ...SONNET, above200k: { input: "6", output: "22.5" } };
    const long = tokens({ input: 300_000, output: 1 });
    expect(costOfTokens(long, price, true)).toBe("1.8000225");
    expect(costOfTokens(long, SONNET, true)).toBe("0.900015");
  });

  it("never has negative tokens, whatever was counted", () => {
    expect(costOfTokens(tokens({ input: 5, cached: 100 }), SONNET, false)).toBe("0.00003");
  });

  it("is exact: the cost of the parts is the cost of the whole", () => {
    const count = fc.nat(1_000_000_000);
    fc.assert(
      fc.property(count, count, count, (a, b, output) => {
        const cost = (input: number, out: number) =>
          costOfTokens(tokens({ input, output: out }), SONNET, false);
        const micro = (text: string) => {
          const [whole, part = ""] = text.split(".");
          return BigInt(`${whole}${part.padEnd(18, "0")}`);
        };
        expect(micro(cost(a + b, output))).toBe(micro(cost(a, output)) + micro(cost(b, 0)));
      }),
    );
  });
});

describe("a table of prices", () => {
  it.each([
    [
      "claude-sonnet-4-5",
      [
        "claude-sonnet-4-5",
        "claude-sonnet-4-5-20250929",
        "claude-sonnet-4-5@20250929",
        "claude-sonnet-4-5-latest",
        "anthropic/claude-sonnet-4-5",
        "anthropic/claude-sonnet-4.5",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "vertex_ai/claude-sonnet-4-5@default",
        "Claude-Sonnet-4-5[1m]",
      ],
    ],
    [
      "claude-3-5-sonnet",
      [
        "claude-3.5-sonnet",
        "apac.anthropic.claude-3-5-sonnet-20241022-v2:0",
        "claude-3-5-sonnet-v2@20241022",
      ],
    ],
    ["gpt-4o", ["gpt-4o-2024-08-06", "azure/gpt-4o-2024-11-20", "openai/gpt-4o"]],
    ["gpt-4o-2024-05-13", ["gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13"]],
    ["gpt-5-chat", ["gpt-5-chat-latest"]],
    [
      "gemini-2.5-pro",
      [
        "models/gemini-2.5-pro",
        "publishers/google/models/gemini-2.5-pro@default",
        "gemini/gemini-2.5-pro-001",
      ],
    ],
    ["grok-4", ["xai/grok-4-0709", "grok-4-latest"]],
    ["mistral-large-2411", ["mistral/mistral-large-2411"]],
    ["nova-pro", ["us.amazon.nova-pro-v1:0", "us-gov.amazon.nova-pro-v1:0"]],
    ["llama3-3-70b-instruct", ["us.meta.llama3-3-70b-instruct-v1:0"]],
    ["magistral-medium", ["magistral-medium-2509"]],
  ])("prices as %s what is spelled %j", (name, spellings) => {
    const price = PRICES.models[name];
    expect(price).toBeDefined();
    for (const spelling of spellings) expect(priceOf(PRICES, spelling), spelling).toBe(price);
  });

  it.each([
    "gpt-5-turbo",
    "gpt",
    "",
    "constructor",
    "__proto__",
    "mistral-large-2402",
    "mistral-large-latest",
    "ft:gpt-4o-2024-08-06:acme::x1",
    "meta-llama/llama-3.3-70b-instruct",
    "openai/gpt-4o:free",
    "command-r-03-2024",
  ])("has no price for %s: not its neighbor's", (name) => {
    expect(priceOf(PRICES, name)).toBeUndefined();
  });

  it("of our own has prices that can be: the cache costs less than reading, long requests more than short", () => {
    const rows = Object.entries(PRICES.models);
    expect(rows.length).toBeGreaterThan(150);
    for (const [name, price] of rows) {
      for (const it of [price, price.above200k ?? price]) {
        expect(Number(it.cacheRead ?? 0), name).toBeLessThan(Number(it.input));
        expect(Number(it.cacheWrite ?? it.input), name).toBeGreaterThanOrEqual(Number(it.input));
        expect(Number(it.cacheWrite1h ?? it.cacheWrite ?? it.input), name).toBeGreaterThanOrEqual(
          Number(it.cacheWrite ?? it.input),
        );
        const isEmbedding = /embed/.test(name);
        if (!isEmbedding) expect(Number(it.output), name).toBeGreaterThanOrEqual(Number(it.input));
      }
      if (price.above200k !== undefined)
        expect(Number(price.above200k.input), name).toBeGreaterThan(Number(price.input));
      expect(priceOf(PRICES, name), name).toBe(price);
    }
  });

  it("of our own is what its document says, and keeps its own rules", () => {
    const document = readFileSync(new URL("../../docs/prices.json", import.meta.url), "utf8");
    expect(document).toBe(pricesDocument());
    expect(parsePrices(JSON.parse(document), PRICES)).toEqual(PRICES);
  });

  it("of a user replaces ours, or is laid over it", () => {
    const models = { "gpt-4o": { input: "1", output: "2" } };
    expect(parsePrices({ version: "a", models }, PRICES)).toEqual({ version: "a", models });
    const over = parsePrices({ version: "a", extends: true, models }, PRICES);
    expect(over.version).toBe(`a+${PRICES.version}`);
    expect([over.models["gpt-4o"], over.models.o3]).toEqual([models["gpt-4o"], PRICES.models.o3]);
  });

  it.each([
    [5, "the table must be a JSON object."],
    [{ models: {} }, "version must be text of 1 to 100 characters."],
    [{ version: "a" }, "models must be an object."],
    [{ version: "a", models: {}, extra: 1 }, "extra is not a member of a table."],
    [
      { version: "a", models: { m: { input: 3, output: "1" } } },
      'models.m.input must be a decimal string, such as "0.25".',
    ],
    [
      { version: "a", models: { m: { input: "-3", output: "1" } } },
      'models.m.input must be a decimal string, such as "0.25".',
    ],
    [{ version: "a", models: { m: { input: "3" } } }, "models.m.output is required."],
    [
      { version: "a", models: { m: { input: "3", output: "1", above200k: {} } } },
      "models.m.above200k.input is required.",
    ],
    [
      { version: "a", models: { "openai/m": { input: "3", output: "1" } } },
      "models.openai/m must be called m.",
    ],
  ])("that breaks a rule is refused with the place: %j", (table, message) => {
    expect(() => parsePrices(table, PRICES)).toThrow(
      expect.objectContaining({ code: "prices.invalid", message }),
    );
  });
});
