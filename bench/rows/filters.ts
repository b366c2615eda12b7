import { acceptDraft } from "../../src/event/accept.ts";
import { LIMITS } from "../../src/event/limits.ts";
import { toEvent, toWire } from "../../src/event/wire.ts";
import { type Condition, EQUAL_FIELDS, type EqualField, type Order } from "../../src/query/filter.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import type { Store } from "../../src/store/store.ts";
import { loggedDraft, RARE_ID, rareAt } from "../events.ts";
import { filledLog, logSizes, millions } from "../log.ts";
import { type Figure, percentileOf, plain, type Row, type Setting } from "../measure.ts";

const NEWEST = 50;
const REPEATS = 3;

type Family = "common values" | "one rare value" | "no hit" | "excluded values" | "text";
interface Case {
  readonly name: string;
  readonly family: Family;
  readonly where: Condition;
}

interface Looked {
  readonly ms: number;
  readonly exhausted: boolean;
}

/** Every filter that the API offers, in both orders that it has. */
export const filters: Row = {
  name: "filters",
  title: "newest 50 with each filter the API offers",
  async run(setting) {
    const figures: Figure[] = [];
    for (const events of logSizes(setting)) figures.push(...(await lookInto(setting, events)));
    return figures;
  },
};

async function lookInto(setting: Setting, events: number): Promise<Figure[]> {
  const store = await openSqliteStore(await filledLog(setting, events));
  const cases = casesFor(events);
  const looks = new Map<string, Looked[][]>();
  await store.head("default");
  for (let round = 0; round < setting.rounds; round++) {
    for (const order of ["seq", "occurred_at"] as const) {
      for (const one of cases) {
        const times = looks.get(`${order} ${one.name}`) ?? [];
        looks.set(`${order} ${one.name}`, times);
        times.push(await look(store, one, order));
      }
    }
  }
  await store.close();
  return figuresOf(cases, looks, events, setting.rounds);
}

async function look(store: Store, { where }: Case, order: Order): Promise<Looked[]> {
  const looked: Looked[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const begun = performance.now();
    const { scan } = await store.list({
      tenant: "default",
      where: [where],
      order,
      direction: "desc",
      limit: NEWEST,
      scanMax: LIMITS.scanRows,
    });
    looked.push({ ms: performance.now() - begun, exhausted: scan.exhausted });
  }
  return looked;
}

function figuresOf(
  cases: readonly Case[],
  looks: ReadonlyMap<string, Looked[][]>,
  events: number,
  rounds: number,
): Figure[] {
  const figures: Figure[] = [];
  const inRound = (order: Order, of: readonly Case[], round: number): Looked[] =>
    of.flatMap(({ name }) => looks.get(`${order} ${name}`)?.[round] ?? []);
  for (const order of ["seq", "occurred_at"] as const) {
    for (const family of new Set(cases.map((one) => one.family))) {
      const of = cases.filter((one) => one.family === family);
      const all = Array.from({ length: rounds }, (_, round) => inRound(order, of, round));
      const times = all.flat().map(({ ms }) => ms);
      const unfinished = all.flat().filter(({ exhausted }) => exhausted).length;
      const p95 = all.map((looked) =>
        percentileOf(
          looked.map(({ ms }) => ms),
          95,
        ),
      );
      figures.push(
        plain(`by ${order}, ${family}, ${of.length} filters, p95, ${millions(events)}`, "ms", p95, {
          goal: { of: "figure", atMost: 10 },
          note: `p50 ${percentileOf(times, 50).toFixed(2)}, max ${Math.max(...times).toFixed(1)} (${slowest(of, looks, order)}); ${unfinished} of ${times.length} ended at their bound and said so`,
        }),
      );
    }
  }
  const worst = Array.from({ length: rounds }, (_, round) =>
    Math.max(
      ...(["seq", "occurred_at"] as const).flatMap((order) =>
        inRound(order, cases, round).map(({ ms }) => ms),
      ),
    ),
  );
  figures.push(
    plain(`the slowest of all ${cases.length} filters in either order, ${millions(events)}`, "ms", worst, {
      goal: { of: "figure", atMost: 200 },
    }),
  );
  return figures;
}

function slowest(of: readonly Case[], looks: ReadonlyMap<string, Looked[][]>, order: Order): string {
  const median = ({ name }: Case): number =>
    percentileOf(
      looks
        .get(`${order} ${name}`)
        ?.flat()
        .map(({ ms }) => ms) ?? [],
      50,
    );
  const [first] = of.toSorted((a, b) => median(b) - median(a));
  return first === undefined ? "" : `slowest median: ${first.name} ${median(first).toFixed(2)}`;
}

function casesFor(events: number): Case[] {
  const cases: Case[] = [];
  const common = wireAt(Math.floor(events / 2), events);
  const rare = wireAt(rareAt(events), events);
  for (const field of EQUAL_FIELDS) {
    const add = (family: Family, value: unknown, op: "any" | "none" = "any"): void => {
      if (typeof value !== "string") return;
      cases.push({
        name: `${op} ${field}=${value.slice(0, 40)}`,
        family,
        where: { op, field, values: [value] },
      });
    };
    add("common values", common[field]);
    add("one rare value", rare[field]);
    add("no hit", missOf(field));
    add("excluded values", common[field], "none");
  }
  const first = common.occurred_at;
  const deep = wireAt(rareAt(events), events);
  const at = Date.parse(String(deep.occurred_at)) * 1_000;
  const never = Date.parse(String(first)) * 1_000 + 10 ** 15;
  const add = (name: string, family: Family, where: Condition): void =>
    void cases.push({ name, family, where });
  add("occurred_at deep", "one rare value", {
    op: "range",
    field: "occurred_at",
    min: at,
    max: at + 1_000_000,
  });
  add("occurred_at never", "no hit", { op: "range", field: "occurred_at", min: never });
  add("created_at all", "common values", { op: "range", field: "created_at", min: 0 });
  add("created_at never", "no hit", { op: "range", field: "created_at", max: 1 });
  add("duration_ms common", "common values", { op: "range", field: "duration_ms", min: 100, max: 400 });
  add("duration_ms rare", "one rare value", { op: "range", field: "duration_ms", min: 7_000_000 });
  add("duration_ms never", "no hit", { op: "range", field: "duration_ms", min: 8_000_000 });
  add("seq deep", "one rare value", { op: "range", field: "seq", max: rareAt(events) });
  add("seq never", "no hit", { op: "range", field: "seq", min: events + 1_000_000 });
  add("do_not_forward", "one rare value", { op: "flag", value: true });
  add("forwarded", "common values", { op: "flag", value: false });
  add("text common", "text", { op: "contains", text: "orders since" });
  add("text rare", "text", { op: "contains", text: "quetzal" });
  add("text never", "text", { op: "contains", text: "no such words" });
  return cases;
}

function wireAt(i: number, events: number): Record<string, unknown> {
  const wire = toWire(toEvent(acceptDraft(loggedDraft(i, events), {}), i + 1, 0));
  return { ...wire, emitter_id: i === rareAt(events) ? "rare" : "agent-1" };
}

function missOf(field: EqualField): string {
  switch (field) {
    case "parent_id":
    case "start_id":
      return RARE_ID.replace("dead", "beef");
    case "trace_id":
      return "e".repeat(32);
    case "span_id":
      return "e".repeat(16);
    case "severity":
      return "TRACE";
    default:
      return "never";
  }
}
