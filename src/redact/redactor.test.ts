import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { acceptDraft } from "../event/accept.ts";
import type { EventDraft } from "../event/event.ts";
import { LIMITS } from "../event/limits.ts";
import { createRedactor, noRedactor } from "./redactor.ts";

const redactor = createRedactor();
const clean = (draft: Partial<EventDraft>) =>
  redactor.redact(acceptDraft({ type: "t", ...draft } as EventDraft, {}));
const data = (value: unknown) => clean({ data: value as object }).data;

describe("a draft", () => {
  it("loses secrets and personal data in every text that a person or a model writes", () => {
    const cleaned = clean({
      summary: "for ann@example.com",
      error: "Authorization: Bearer abcdefgh12345678",
      actor: { id: "ann@example.com", label: "ann@example.com" },
      data: {
        arguments: { note: "password=hunter22", nested: [{ apiKey: "abc" }] },
        result: "ok ann@example.com",
      },
    });
    expect(cleaned).toMatchObject({
      description: "for [redacted:email]",
      error: "Authorization: Bearer [redacted:authorization]",
      actor_id: "ann@example.com",
      actor_label: "[redacted:email]",
      data: {
        arguments: { note: "password=[redacted:assignment]", nested: [{ apiKey: "[redacted:key_name]" }] },
        result: "ok [redacted:email]",
      },
    });
  });

  it("loses secrets, not addresses, in its names", () => {
    const key = `sk-${"ant"}-api03-${"a1B2".repeat(12)}`;
    expect(clean({ resource: { type: "key", id: key } }).resource_id).toBe("[redacted:anthropic_key]");
    expect(clean({ resource: { type: "user", id: "someone@example.com" } }).resource_id).toBe(
      "someone@example.com",
    );
  });

  it("knows secret keys by their names, and leaves counts and settings alone", () => {
    const input = {
      password: "x",
      api_key: "y",
      "X-Api-Key": "z",
      Authorization: "w",
      dbPassword: "v",
      max_tokens: 512,
      tokens: 3,
      token: null,
      secret: "",
      credentials: { user: "u", pass: 1 },
      cookie: ["a"],
    };
    expect(data(input)).toEqual({
      password: "[redacted:key_name]",
      api_key: "[redacted:key_name]",
      "X-Api-Key": "[redacted:key_name]",
      Authorization: "[redacted:key_name]",
      dbPassword: "[redacted:key_name]",
      max_tokens: 512,
      tokens: 3,
      token: null,
      secret: "",
      credentials: { user: "u", pass: 1 },
      cookie: ["[redacted:key_name]"],
    });
  });

  it("is a copy: the agent may change his object afterwards", () => {
    const given = { list: [1], inner: { a: 1 } };
    const kept = data(given);
    given.list.push(2);
    given.inner.a = 2;
    expect(kept).toEqual({ list: [1], inner: { a: 1 } });
    const bare = noRedactor.redact(acceptDraft({ type: "t", data: given }, {}));
    given.inner.a = 3;
    expect(bare.data).toEqual({ list: [1, 2], inner: { a: 2 } });
  });

  it("makes JSON of whatever there is", () => {
    const cycle: Record<string, unknown> = { name: "c" };
    cycle.self = cycle;
    const hostile = {
      get boom(): string {
        throw new Error("no");
      },
    };
    expect(
      data({
        when: new Date(0),
        big: 12n,
        map: new Map([["a", 1]]),
        set: new Set([1]),
        error: new TypeError("bad"),
        bytes: new Uint8Array(3),
        fn: () => 1,
        nan: Number.NaN,
        cycle,
        hostile,
        proto: 1,
      }),
    ).toEqual({
      when: "1970-01-01T00:00:00.000Z",
      big: "12",
      map: { a: 1 },
      set: [1],
      error: { name: "TypeError", message: "bad" },
      bytes: "[bytes:3]",
      nan: null,
      cycle: { name: "c", self: "[circular]" },
      hostile: "[unreadable]",
      proto: 1,
    });
    expect(data([1, 2])).toEqual({ value: [1, 2] });
    const proto = data(JSON.parse('{"__proto__":{"polluted":true}}'));
    expect(Object.hasOwn(proto as object, "__proto__")).toBe(true);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it("is bounded in depth, size and number", () => {
    let deep: unknown = "end";
    for (let i = 0; i < 200; i++) deep = { deep };
    expect(JSON.stringify(data({ deep }))).toContain("[too deep]");
    expect(JSON.stringify(data({ text: "x".repeat(300_000) }))).toContain("[cut 37856 characters]");
    expect(JSON.stringify(data({ many: Array.from({ length: 50_000 }, (_, i) => i) })).length).toBeLessThan(
      200_000,
    );
  });

  it("cleans a long key before it is cut, so that neither half a secret nor half a mark is left to find", () => {
    const key = `${"x".repeat(LIMITS.nameChars - 14)} +49 170 1234567`;
    const once = clean({ data: { [key]: 1 } });
    expect(JSON.stringify(once.data)).not.toContain("1234");
    expect(redactor.redact(structuredClone(once)).data).toEqual(once.data);
  });

  it("finds a secret that stands where a text is cut, and cuts it once", () => {
    const token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    const text = `${"x ".repeat(LIMITS.dataStringChars / 2 - 10)}${token} and so on`;
    const once = clean({ data: { text } });
    expect(JSON.stringify(once.data)).not.toContain("ghp_");
    expect(JSON.stringify(once.data)).toMatch(/\[cut \d+ characters\]"/);
    expect(redactor.redact(structuredClone(once)).data).toEqual(once.data);
  });

  it("never throws, gives JSON, and changes nothing the second time", () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withSparseArray: true,
          withObjectString: true,
        }),
        fc.string(),
        (value, text) => {
          const once = clean({ data: { value }, summary: text, error: text });
          const json = JSON.stringify(once);
          const again = redactor.redact(JSON.parse(json));
          expect(JSON.stringify(again)).toBe(json);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("options", () => {
  it("turn rules and groups on and off, and add keys and patterns", () => {
    const text = "ann@example.com 10.0.0.1 EMP-12345";
    expect(createRedactor({ personal: false }).text(text)).toBe(text);
    expect(createRedactor({ rules: { email: false, ip_address: true } }).text(text)).toBe(
      "ann@example.com [redacted:ip_address] EMP-12345",
    );
    expect(createRedactor({ patterns: [{ rule: "employee", regex: /EMP-\d{5}/ }] }).text(text)).toBe(
      "[redacted:email] 10.0.0.1 [redacted:employee]",
    );
    const own = createRedactor({ extraKeys: ["ticket"], allowKeys: ["token"] });
    expect(own.redact(acceptDraft({ type: "t", data: { ticket: "a", token: "b" } }, {})).data).toEqual({
      ticket: "[redacted:key_name]",
      token: "b",
    });
  });

  it.each([
    [{ rules: { nonsense: true } }, "redact.rules"],
    [{ extraKeys: [7] }, "redact.extraKeys"],
    [{ patterns: [{ rule: "Bad Name", regex: /x/ }] }, "redact.patterns"],
    [{ patterns: [{ rule: "x", regex: "x" }] }, "redact.patterns"],
  ])("are refused by name: %j", (options, field) => {
    expect(() => createRedactor(options as never)).toThrow(
      expect.objectContaining({ code: "option.invalid", field }),
    );
  });
});

describe("hostile text", () => {
  it.each([
    "eyJ",
    "sk-ant-",
    "a@",
    "@a.",
    "-----BEGIN ",
    "1234 ",
    "://a:",
    "token=",
    "password:",
    "DE89 ",
    "+1 ",
    "Bearer ",
    "cookie: ",
    "aws secret ",
  ])("costs no more than its length: %j", (piece) => {
    const time = (length: number): number => {
      const text = piece.repeat(Math.ceil(length / piece.length));
      const begun = performance.now();
      redactor.text(text);
      return performance.now() - begun;
    };
    time(20_000);
    const small = Math.max(...[1, 2, 3].map(() => time(50_000)));
    const large = Math.min(...[1, 2].map(() => time(500_000)));
    expect(large / Math.max(small, 1)).toBeLessThan(60);
  });
});
