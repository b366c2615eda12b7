import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../src/event/event.ts";
import type { WireDraft } from "../../src/event/wire.ts";
import {
  type Condition,
  EQUAL_FIELDS,
  type EqualField,
  type Query,
  RANGE_FIELDS,
} from "../../src/query/filter.ts";
import { matches } from "../../src/query/matches.ts";
import { at, draft, line, query } from "./drafts.ts";
import { readAll } from "./list.rules.ts";
import type { Subject } from "./store.suite.ts";

const BASE = 1_760_000_000_000_000;

/** Few values, so that random conditions hit; some that SQL and JavaScript may see differently. */
const TEXTS = [
  "a",
  "A",
  "ä",
  "Ä",
  "ß",
  "İ",
  "i",
  "K",
  "k",
  "x%",
  "x_",
  "a,b",
  "\ufffd",
  "🧾",
  "'",
  "\\",
  "Σ",
  "ς",
  " ",
];
const text = fc.constantFrom(...TEXTS);
const phrase = fc.array(text, { maxLength: 3 }).map((parts) => parts.join(""));

const anyDraft: fc.Arbitrary<WireDraft> = fc
  .record({
    fields: fc.dictionary(fc.constantFrom(...EQUAL_FIELDS), text, { maxKeys: 8, noNullPrototype: true }),
    description: fc.option(phrase, { nil: undefined }),
    resource: fc.option(phrase, { nil: undefined }),
    duration: fc.option(fc.constantFrom(0, 1, 5, Number.MAX_SAFE_INTEGER), { nil: undefined }),
    occurred: fc.option(fc.integer({ min: -3, max: 40 }), { nil: undefined }),
    flag: fc.option(fc.boolean(), { nil: undefined }),
  })
  .map(({ fields, description, resource, duration, occurred, flag }) => {
    const made: Partial<WireDraft> = {
      ...(fields as Partial<WireDraft>),
      event_type: fields.event_type ?? "a",
    };
    made.environment = fields.environment ?? "production";
    made.severity = (fields.severity ?? "INFO") as WireDraft["severity"];
    if (fields.emitter_id !== undefined) Object.assign(made, { emitter_epoch: 1, emitter_number: 1 });
    if (description !== undefined) made.description = description;
    if (resource !== undefined) made.resource_id = resource;
    if (duration !== undefined) made.duration_ms = duration;
    if (occurred !== undefined) made.occurred_at = at(BASE + occurred);
    if (flag !== undefined) made.do_not_forward = flag;
    return draft(made);
  });

const equal: fc.Arbitrary<Condition> = fc.record({
  op: fc.constantFrom("any" as const, "none" as const),
  field: fc.constantFrom(...EQUAL_FIELDS),
  values: fc.array(fc.oneof(text, fc.constantFrom("\ud800", "absent", "production", "INFO")), {
    maxLength: 4,
  }),
});

/** Bounds around what the drafts have: small numbers for seq and durations, times near BASE. */
const range: fc.Arbitrary<Condition> = fc
  .record({
    field: fc.constantFrom(...RANGE_FIELDS),
    min: fc.option(fc.integer({ min: -5, max: 60 }), { nil: undefined }),
    max: fc.option(fc.integer({ min: -5, max: 60 }), { nil: undefined }),
  })
  .map(({ field, min, max }): Condition => {
    const offset = field === "occurred_at" ? BASE : 0;
    return {
      op: "range",
      field,
      ...(min === undefined ? {} : { min: min + offset }),
      ...(max === undefined ? {} : { max: max + offset }),
    };
  });

const condition: fc.Arbitrary<Condition> = fc.oneof(
  { arbitrary: equal, weight: 5 },
  { arbitrary: range, weight: 3 },
  { arbitrary: phrase.map((found): Condition => ({ op: "contains", text: found })), weight: 2 },
  { arbitrary: fc.boolean().map((value): Condition => ({ op: "flag", value })), weight: 1 },
);

type Asked = Pick<Query, "where" | "order" | "direction" | "limit" | "scanMax">;
const asked: fc.Arbitrary<Asked> = fc.record({
  where: fc.array(condition, { maxLength: 4 }),
  order: fc.constantFrom("seq" as const, "occurred_at" as const),
  direction: fc.constantFrom("asc" as const, "desc" as const),
  limit: fc.integer({ min: 1, max: 40 }),
  scanMax: fc.constantFrom(1, 3, 50, 1_000_000),
});

export function matchRules(subject: Subject): void {
  const expectSame = async (all: readonly AuditEvent[], one: Asked): Promise<void> => {
    const { where, order, direction, limit, scanMax } = one;
    const sign = direction === "asc" ? 1 : -1;
    const expected = all
      .filter((event) => matches(event, where))
      .sort(
        (a, b) => sign * (order === "seq" ? a.seq - b.seq : a.occurredAt - b.occurredAt || a.seq - b.seq),
      );
    const got = await readAll(subject.store, query(where, { order, direction, limit, scanMax }));
    expect(got.map(({ seq }) => seq)).toEqual(expected.map(({ seq }) => seq));
    expect(got).toEqual(expected);
  };

  describe("list agrees with matches()", () => {
    it("on random events and random conditions", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyDraft, { minLength: 1, maxLength: 25 }),
          fc.array(asked, { minLength: 1, maxLength: 4 }),
          async (drafts, queries) => {
            await subject.store.append(drafts.map((one) => line(one)));
            const all = await readAll(subject.store, query([], { direction: "asc" }));
            for (const one of queries) await expectSame(all, one);
          },
        ),
        { numRuns: 25 },
      );
    });

    it("on a log of several blocks, for each field", async () => {
      const count = 4_000;
      const rareAt = (field: EqualField, n: number): boolean =>
        n % 1_300 === EQUAL_FIELDS.indexOf(field) * 40 + 7 && field !== "emitter_id";
      const drafts = Array.from({ length: count }, (_, n) => {
        const fields = EQUAL_FIELDS.filter((field) => rareAt(field, n)).map((field) => [field, "rare"]);
        return line({
          span_id: `${n}`,
          ...Object.fromEntries(fields),
          occurred_at: at(BASE + (n % 50)),
          duration_ms: n,
          ...(n === 3_000 ? { do_not_forward: true } : {}),
        });
      });
      for (let i = 0; i < count; i += 800) await subject.store.append(drafts.slice(i, i + 800));
      const all = await readAll(subject.store, query([], { direction: "asc" }));
      const wheres: Condition[][] = [
        ...EQUAL_FIELDS.map((field): Condition[] => [{ op: "any", field, values: ["rare", "absent"] }]),
        [{ op: "any", field: "span_id", values: ["17", "3999", "2048"] }],
        [
          { op: "any", field: "tool", values: ["rare"] },
          { op: "any", field: "agent", values: ["rare"] },
        ],
        [{ op: "range", field: "duration_ms", min: 1_020, max: 1_026 }],
        [{ op: "range", field: "occurred_at", min: BASE + 49 }],
        [
          {
            op: "range",
            field: "created_at",
            min: all[1_500]?.recordedAt ?? 0,
            max: all[2_500]?.recordedAt ?? 0,
          },
        ],
        [{ op: "range", field: "seq", min: 1_023, max: 1_025 }],
        [{ op: "flag", value: true }],
      ];
      for (const where of wheres) {
        for (const order of ["seq", "occurred_at"] as const) {
          const direction = order === "seq" ? "desc" : "asc";
          await expectSame(all, { where, order, direction, limit: 500, scanMax: 1_000_000 });
        }
      }
    });
  });
}
