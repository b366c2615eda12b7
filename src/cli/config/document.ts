import { ENVIRONMENT, OPTIONS, type Option } from "./options.ts";

const HEAD = `# Configuration

Made from \`src/cli/config/options.ts\` by \`npm run docs\`; a test keeps the two in step.

A flag counts before its environment variable, and that before the default. There is no configuration
file: nothing is read that was not named.
`;

/** docs/configuration.md, from the table of options. */
export function configurationDocument(): string {
  const rows = (Object.values(OPTIONS) as Option[]).map((option) => [
    code([option.flag, option.short].filter(Boolean).join(", ") + (option.value ? ` ${option.value}` : "")),
    option.env === undefined ? "" : code(option.env),
    option.default === undefined ? "" : code(option.default),
    option.commands === "all" ? "all" : option.commands.join(", "),
    option.doc,
  ]);
  const environment = ENVIRONMENT.map(({ env, doc }) => [code(env), doc]);
  return [
    HEAD,
    "## Flags\n",
    table(["flag", "variable", "default", "commands", "what it does"], rows),
    "\n## Environment only\n",
    table(["variable", "what it does"], environment),
    "",
  ].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(header: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
