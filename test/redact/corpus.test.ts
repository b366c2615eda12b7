import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createRedactor } from "../../src/redact/redactor.ts";
import { corpus } from "./corpus.ts";

const FOUND_MIN = 0.99;
const FALSE_MAX = 0.01;

it("finds at least 99 % of what must go and touches at most 1 % of what must stay", () => {
  const redactor = createRedactor();
  const cases = corpus();
  expect(cases.length).toBeGreaterThanOrEqual(500);
  const bad = cases.filter((one) => one.secret !== null);
  const good = cases.filter((one) => one.secret === null);
  const missed = bad
    .filter(({ text, secret }) => redactor.text(text).includes(secret as string))
    .map((one) => `${one.name}: ${one.text}`);
  const touched = good
    .filter(({ text }) => redactor.text(text) !== text)
    .map((one) => `${one.name}: ${one.text} -> ${redactor.text(one.text)}`);
  expect({ missed, share: missed.length / bad.length <= 1 - FOUND_MIN }).toEqual({ missed, share: true });
  expect({ touched, share: touched.length / good.length <= FALSE_MAX }).toEqual({ touched, share: true });
  for (const { text } of cases) expect(redactor.text(redactor.text(text))).toBe(redactor.text(text));
});

it("takes the bait out of a real recording", () => {
  const recorded = readFileSync(
    join(import.meta.dirname, "../samples/claude-code/otlp/002_v1_logs.json"),
    "utf8",
  );
  const cleaned = createRedactor().text(recorded);
  expect(cleaned).not.toMatch(/AKIA[A-Z0-9]{16}|sk-ant-[A-Za-z0-9]/);
});
