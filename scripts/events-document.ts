import { FIELDS, type Field } from "../src/event/fields.ts";
import { LIMITS } from "../src/event/limits.ts";
import { CATEGORIES, STATUSES } from "../src/event/vocabulary.ts";

const HEAD = `# Events

Made from \`src/event/fields.ts\` by \`npm run docs\`; a test keeps the two in step.

An event is one flat JSON object under the wire names, in NDJSON, in the bulk door and in every \`--json\`
output. The library uses the TypeScript names. Only \`event_type\` is required. Null and absent are the same.
Fields marked "given" are set by Daybook; what a writer says there is ignored. An unknown field is refused.

Categories and statuses are open: anything is stored, and these are known to Daybook itself:
categories ${CATEGORIES.join(", ")}; statuses ${STATUSES.join(", ")}.
`;

/** docs/events.md, from the table of fields. */
export function eventsDocument(): string {
  const rows = FIELDS.map(
    (field) =>
      `| \`${field.wire}\` | \`${field.path}\` | ${kindOf(field)} | ${filterOf(field)} | ${field.doc} |`,
  );
  const head = ["| wire | TypeScript | kind | filter | meaning |", "| --- | --- | --- | --- | --- |"];
  const sizes = `One event is at most ${LIMITS.eventBytes} bytes, encoded; \`data\` nests at most ${LIMITS.dataDepth} levels.`;
  return [HEAD, ...head, ...rows, "", sizes, ""].join("\n");
}

function kindOf({ kind, max, oneOf, readOnly }: Field): string {
  const size = max === undefined || oneOf !== undefined ? "" : ` ≤ ${max}`;
  const values = oneOf === undefined ? "" : `: ${oneOf.join(", ")}`;
  return `${kind}${size}${values}${readOnly ? ", given" : ""}`;
}

function filterOf({ filter }: Field): string {
  switch (filter) {
    case "equal":
    case "literal":
      return "values, a union with `,`, excluded with `-`";
    case "interval":
      return "interval `[a,b)`";
    case "flag":
      return "`true`, `false`";
    default:
      return "";
  }
}
