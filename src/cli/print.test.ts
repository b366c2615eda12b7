import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Io } from "./io.ts";
import { columnsOf, createPrinter, jsonLine, OutputClosed, shorten, visible } from "./print.ts";

/** Any code unit, lone surrogates included, with what is dangerous made frequent. */
const hostile = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
      fc.constantFrom(
        "\u001b[2J",
        "\u009b",
        "\u202e",
        "\u200b",
        "\u{e0041}",
        "\ud800",
        "\n",
        "e\u0301",
        "\u{1f468}\u200d\u{1f469}",
      ),
    ),
  )
  .map((pieces) => pieces.join(""));
const DANGEROUS = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|[\u202a-\u202e\u2066-\u2069\u200b\u{e0000}-\u{e007f}]/u;

describe("visible", () => {
  it("leaves nothing that a terminal obeys or hides", () => {
    fc.assert(fc.property(hostile, (text) => !DANGEROUS.test(visible(text))));
  });

  it("leaves ordinary text of any language as it is", () => {
    for (const text of [
      "plain",
      "Größe",
      "日本語",
      "نص",
      "नमस्ते",
      "\u{1f468}\u200d\u{1f469}",
      "می\u200cخواهم",
    ])
      expect(visible(text)).toBe(text);
  });

  it("names what it shows", () => {
    expect(visible("a\u001b[31m\n\t\u009b\u202e\u{e0041}\ud800")).toBe(
      "a\\e[31m\\n\\t\\x9b\\u202e\\u{e0041}\\ud800",
    );
  });
});

describe("jsonLine", () => {
  it("is one safe line that parses to the same value", () => {
    fc.assert(
      fc.property(hostile, hostile, (key, value) => {
        const line = jsonLine({ [key]: [value] });
        expect(JSON.parse(line)).toEqual({ [key]: [value] });
        expect(line).not.toMatch(DANGEROUS);
      }),
    );
  });
});

describe("shorten", () => {
  it("never takes more columns than it was given, and says that it cut", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 30 }), (text, columns) => {
        const short = shorten(text, columns);
        expect(columnsOf(short)).toBeLessThanOrEqual(columns);
        if (columnsOf(text) <= columns) expect(short).toBe(text);
        else expect(short.endsWith("…")).toBe(true);
      }),
    );
  });
});

describe("a printer", () => {
  function printer(env: Record<string, string>, isTTY: boolean) {
    const stdout = Object.assign(new PassThrough({ highWaterMark: 64 }), { isTTY });
    const io: Io = {
      stdin: new PassThrough(),
      stdout,
      stderr: new PassThrough(),
      env,
      onStop: () => () => undefined,
      program: ["node", "daybook"],
      startAlone: () => undefined,
      onSignal: () => () => undefined,
      die: () => undefined,
      exit: () => undefined,
    };
    return { out: createPrinter(io), stdout };
  }

  it("paints on a terminal only, and never with NO_COLOR", () => {
    expect(printer({}, true).out.paint("red", "x")).toBe("\u001b[31mx\u001b[39m");
    expect(printer({}, false).out.paint("red", "x")).toBe("x");
    expect(printer({ NO_COLOR: "1" }, true).out.paint("red", "x")).toBe("x");
    expect(printer({ TERM: "dumb" }, true).out.paint("red", "x")).toBe("x");
  });

  it("waits for a slow reader", async () => {
    const { out, stdout } = printer({}, false);
    let isDone = false;
    const writing = out.line("x".repeat(200)).then(() => {
      isDone = true;
    });
    await Promise.resolve();
    expect(isDone).toBe(false);
    stdout.resume();
    await writing;
    expect(isDone).toBe(true);
  });

  it("ends the command when the reader is gone, and only then quietly", async () => {
    const gone = printer({}, false);
    gone.stdout.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    await expect.poll(() => gone.out.gone.aborted).toBe(true);
    await expect(gone.out.line("x")).rejects.toBeInstanceOf(OutputClosed);
    const full = printer({}, false);
    full.stdout.destroy(Object.assign(new Error("no space left"), { code: "ENOSPC" }));
    await expect.poll(() => full.out.gone.aborted).toBe(true);
    await expect(full.out.line("x")).rejects.toThrow("no space left");
  });
});
