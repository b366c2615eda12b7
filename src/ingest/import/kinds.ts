import { claudeImporter } from "./claude.ts";
import { codexImporter } from "./codex.ts";
import { geminiImporter } from "./gemini.ts";
import type { Importer } from "./importer.ts";
import { langfuseImporter } from "./langfuse.ts";
import { wireImporter } from "./wire-lines.ts";

/** One kind of file that can be imported. */
export interface ImportKind {
  /** Files of a folder, at whatever depth, that are of this kind, by their name. */
  readonly names: RegExp;
  /** How records stand in it: JSON a line (a `.json` file is one document, or a list), a CSV, a database. */
  readonly form: "json" | "csv" | "sqlite";
  /** One for each file. Absent where lines or tables know by themselves. */
  readonly importer?: () => Importer;
}

export const IMPORT_KINDS: Readonly<Record<string, ImportKind>> = {
  claude: { names: /\.jsonl$/, form: "json", importer: claudeImporter },
  codex: { names: /^rollout-.*\.jsonl$/, form: "json", importer: codexImporter },
  gemini: { names: /^session-.*\.jsonl?$/, form: "json", importer: geminiImporter },
  langfuse: { names: /\.(?:jsonl?|ndjson)$/, form: "json", importer: langfuseImporter },
  otlp: { names: /\.(?:jsonl?|ndjson)$/, form: "json" },
  ndjson: { names: /\.(?:jsonl|ndjson)$/, form: "json", importer: () => wireImporter("ndjson") },
  csv: { names: /\.csv$/, form: "csv", importer: () => wireImporter("csv") },
  "sqlite-tool-calls": { names: /\.(?:db|sqlite3?)$/, form: "sqlite" },
  "sqlite-audit": { names: /\.(?:db|sqlite3?)$/, form: "sqlite" },
  "sqlite-runs": { names: /\.(?:db|sqlite3?)$/, form: "sqlite" },
};
