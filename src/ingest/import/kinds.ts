import { claudeImporter } from "./claude.ts";
import { codexImporter } from "./codex.ts";
import { API_EVENTS, eventsApiImporter } from "./events-api.ts";
import { geminiImporter } from "./gemini.ts";
import type { Importer } from "./importer.ts";
import { langfuseImporter, type Traces } from "./langfuse.ts";
import type { OldTable } from "./old-table.ts";
import { RUN_LOGS, RUNS } from "./run-rows.ts";
import { AUDIT_EVENTS, TOOL_CALLS } from "./sqlite-rows.ts";
import { wireImporter } from "./wire-lines.ts";

/** One kind of file that can be imported. */
export interface ImportKind {
  /** Files of a folder, at whatever depth, that are of this kind, by their name. */
  readonly names: RegExp;
  /** Files that are read before the others: they say what holds for them. */
  readonly first?: RegExp;
  /**
   * How records stand in it: JSON a line (a `.json` file is one document, or a list), a CSV, either by the file's
   * name, or a database.
   */
  readonly form: "json" | "csv" | "either" | "sqlite";
  /** One for each file of an import, which shares what its files say of each other. Absent where lines know by themselves. */
  readonly importer?: (traces: Traces) => Importer;
  /** Of a database: those that are there are read. */
  readonly tables?: readonly OldTable[];
}

const JSON_NAMES = /\.(?:jsonl?|ndjson)(?:\.gz|\.zst)?$/;
const EITHER_NAMES = /\.(?:jsonl?|ndjson|csv)(?:\.gz|\.zst)?$/;
const DATABASE_NAMES = /\.(?:db|sqlite3?)$/;

const database = (...tables: readonly OldTable[]): ImportKind => ({
  names: DATABASE_NAMES,
  form: "sqlite",
  tables,
});

export const IMPORT_KINDS: Readonly<Record<string, ImportKind>> = {
  claude: { names: /\.jsonl$/, form: "json", importer: claudeImporter },
  codex: { names: /^rollout-.*\.jsonl$/, form: "json", importer: codexImporter },
  gemini: { names: /^session-.*\.jsonl?$/, form: "json", importer: geminiImporter },
  langfuse: { names: EITHER_NAMES, first: /\btraces\b/, form: "either", importer: langfuseImporter },
  otlp: { names: JSON_NAMES, form: "json" },
  ndjson: {
    names: /\.(?:jsonl|ndjson)(?:\.gz|\.zst)?$/,
    form: "json",
    importer: () => wireImporter("ndjson"),
  },
  csv: { names: /\.csv(?:\.gz|\.zst)?$/, form: "csv", importer: () => wireImporter("csv") },
  "events-api": { names: EITHER_NAMES, form: "either", importer: eventsApiImporter },
  "sqlite-tool-calls": database(TOOL_CALLS),
  "sqlite-audit": database(AUDIT_EVENTS),
  "sqlite-runs": database(RUNS, RUN_LOGS),
  "sqlite-events-api": database(API_EVENTS),
};
