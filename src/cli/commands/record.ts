import { formatMicros } from "../../base/clock.ts";
import { messageOf, TrailError } from "../../base/error.ts";
import { LIMITS } from "../../event/limits.ts";
import { type Problem, parseWire } from "../../event/parse.ts";
import { valueOfText } from "../../event/text-value.ts";
import type { WireDraft } from "../../event/wire.ts";
import type { Outcome } from "../../store/store.ts";
import type { Trail } from "../../trail/trail.ts";
import type { Call, Command } from "../command.ts";
import type { OptionKey } from "../config/options.ts";
import type { Settings } from "../config/settings.ts";
import { FIELD_FLAGS, split } from "../filters.ts";
import { type InputLine, readLines } from "../ndjson.ts";
import { type Printer, visible } from "../print.ts";
import { openOrMake } from "../wire.ts";

const BAD_INPUT = 2;
const BAD_LINES_SHOWN = 20;
const RULES_SHOWN = 5;
const RECORD_FLAGS: ReadonlyArray<readonly [OptionKey, wire: string]> = [
  ...FIELD_FLAGS,
  ["summary", "description"],
  ["subject", "subject"],
  ["error", "error"],
  ["data", "data"],
];

export const record: Command = {
  name: "record",
  summary: "Record one event from flags, or many from NDJSON on standard input; committed when it ends.",
  examples: [
    "daybook record --type invoice.created --agent billing --summary 'Invoice 42 over 10 EUR'",
    `daybook record --type tool.execute --tool Bash --status ok --field duration_ms=120 --data '{"command":"ls"}'`,
    "daybook record < events.ndjson",
  ],
  async run(call) {
    const { settings, io } = call;
    const flags = [...RECORD_FLAGS.map(([key]) => key), "field" as const];
    if (flags.some((key) => settings.given(key))) return recordOne(call);
    if (io.stdin.isTTY === true) {
      throw new TrailError("option.invalid", "There is nothing to record.", {
        fix: "Say what happened with --type, or send events, one JSON object a line, to standard input.",
      });
    }
    return recordLines(call);
  },
};

async function recordOne(call: Call): Promise<number> {
  const { settings, out } = call;
  const { draft, problems } = parseWire(fieldsOf(settings), { tenant: settings.required("tenant") });
  if (problems !== undefined) {
    const field = problems[0]?.field;
    throw new TrailError("event.invalid", `${ruleText(problems)}.`, field === undefined ? {} : { field });
  }
  await using trail = openOrMake(call);
  const [outcome] = await trail.append([draft]);
  if (outcome === undefined || outcome.status === "rejected")
    throw new TrailError("event.invalid", `The store refused the event: ${outcome?.reason ?? "no answer"}.`);
  await sealQuietly(trail, out);
  await printOutcome(out, settings.on("json"), outcome);
  return 0;
}

/** So that what a person wrote down cannot be changed unseen. The events are safe already, whatever comes of it. */
export async function sealQuietly(trail: Trail, out: Printer): Promise<void> {
  try {
    await trail.seal();
  } catch (thrown) {
    out.note(`daybook: not sealed: ${visible(messageOf(thrown))}`);
  }
}

/** The event of the flags, by wire names; values are read as the kind of their field says. */
function fieldsOf(settings: Settings): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [key, name] of RECORD_FLAGS) {
    const value = settings.text(key);
    if (value !== undefined) fields[name] = fieldValue(`--${key}`, name, value);
  }
  for (const pair of settings.list("field")) {
    const [name, value] = split("--field", pair);
    fields[name] = fieldValue("--field", name, value);
  }
  return fields;
}

function fieldValue(flag: string, name: string, text: string): unknown {
  try {
    return valueOfText(name, text);
  } catch (cause) {
    throw new TrailError("option.invalid", `${flag} (${name}) must be JSON.`, { field: flag, cause });
  }
}

async function recordLines(call: Call): Promise<number> {
  const { settings, io, out } = call;
  const refusals = new Refusals(out);
  await using trail = openOrMake(call);
  let recorded = 0;
  for await (const lines of readLines(io.stdin, LIMITS.eventBytes)) {
    const parsed = lines.flatMap((line) => parseLine(line, settings.required("tenant"), refusals));
    recorded += await append(trail, parsed, refusals, (outcome) =>
      printOutcome(out, settings.on("json"), outcome),
    );
  }
  if (recorded > 0) await sealQuietly(trail, out);
  refusals.sumUp(recorded);
  return refusals.count > 0 ? BAD_INPUT : 0;
}

interface ParsedLine {
  readonly number: number;
  readonly draft: WireDraft;
}

function parseLine(line: InputLine, tenant: string, refusals: Refusals): ParsedLine[] {
  const { number, text } = line;
  if (text === undefined) return refusals.add(number, line.rule ?? "cannot be read");
  if (text.trim() === "") return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    return refusals.add(number, `is not JSON: ${(thrown as SyntaxError).message}`);
  }
  const { draft, problems } = parseWire(value, { tenant });
  return draft === undefined ? refusals.add(number, ruleText(problems)) : [{ number, draft }];
}

async function append(
  trail: Trail,
  lines: readonly ParsedLine[],
  refusals: Refusals,
  onKept: (outcome: Kept) => Promise<void>,
): Promise<number> {
  if (lines.length === 0) return 0;
  const outcomes = await trail.append(lines.map(({ draft }) => draft));
  let kept = 0;
  for (const [at, outcome] of outcomes.entries()) {
    if (outcome.status === "rejected") {
      refusals.add(lines[at]?.number ?? 0, `was refused by the store: ${outcome.reason}`);
      continue;
    }
    kept++;
    await onKept(outcome);
  }
  return kept;
}

type Kept = Exclude<Outcome, { status: "rejected" }>;

async function printOutcome(out: Printer, asJson: boolean, outcome: Kept): Promise<void> {
  const { id, seq, recordedAt, status } = outcome;
  if (asJson) await out.json({ id, seq, created_at: formatMicros(recordedAt), status });
  else await out.line(id);
}

function ruleText(problems: readonly Problem[]): string {
  const rules = problems.slice(0, RULES_SHOWN).map(({ field, rule }) => `${field} ${rule}`);
  if (problems.length > RULES_SHOWN) rules.push(`and ${problems.length - RULES_SHOWN} more`);
  return rules.join("; ");
}

/** Lines that were not recorded: each is named, up to a number that a person reads, and all are counted. */
class Refusals {
  count = 0;
  readonly #out: Printer;

  constructor(out: Printer) {
    this.#out = out;
  }

  add(line: number, rule: string): [] {
    this.count++;
    if (this.count <= BAD_LINES_SHOWN)
      this.#out.note(`daybook: line ${line}: ${visible(rule.slice(0, 500))}`);
    return [];
  }

  sumUp(recorded: number): void {
    if (this.count > BAD_LINES_SHOWN)
      this.#out.note(`daybook: … and ${this.count - BAD_LINES_SHOWN} lines more`);
    if (this.count > 0) this.#out.note(`daybook: ${recorded} recorded, ${this.count} refused`);
  }
}
