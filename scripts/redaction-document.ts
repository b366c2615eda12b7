import { SECRET_KEYS } from "../src/redact/key-names.ts";
import { PATTERNS } from "../src/redact/patterns.ts";

/** The table of `docs/redaction.md`, made from the rules themselves. */
export function redactionTable(): string {
  const rows = new Map<string, string[]>();
  for (const { rule, kind, doc, optIn } of PATTERNS) {
    const key = `| \`${rule}\` | ${kind}${optIn === true ? ", only when asked for" : ""}`;
    rows.set(key, [...(rows.get(key) ?? []), doc]);
  }
  const lines = [...rows].map(([key, docs]) => `${key} | ${docs.join("; ")} |`);
  const keys = SECRET_KEYS.map((key) => `\`${key}\``).join(", ");
  return [
    "| rule | kind | what it finds |",
    "|---|---|---|",
    ...lines,
    "",
    `Keys whose value goes whole (\`key_name\`): ${keys}.`,
  ].join("\n");
}
