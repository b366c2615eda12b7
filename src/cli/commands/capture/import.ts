import { statSync } from "node:fs";
import { messageOf, TrailError } from "../../../base/error.ts";
import { LIMITS } from "../../../event/limits.ts";
import type { Problem } from "../../../event/parse.ts";
import type { WireDraft } from "../../../event/wire.ts";
import type { Read } from "../../../ingest/import/importer.ts";
import { IMPORT_KINDS, type ImportKind } from "../../../ingest/import/kinds.ts";
import type { Trail } from "../../../trail/trail.ts";
import type { Call, Command } from "../../command.ts";
import { visible } from "../../print.ts";
import { openOrMake } from "../../wire.ts";
import { sealQuietly } from "../record.ts";
import { type Around, filesOf, readFile } from "./import-files.ts";
import { THREAD_KINDS } from "./import-threads.ts";

const KINDS: Readonly<Record<string, ImportKind>> = { ...IMPORT_KINDS, ...THREAD_KINDS };
const BAD_INPUT = 2;
const BAD_LINES_SHOWN = 20;
/** Events of one commit. */
const BATCH_EVENTS = 500;
const BATCH_CHARS = 8 * 1_048_576;
const PROGRESS_MS = 200;

export const importCommand: Command = {
  name: "import",
  summary: "Bring in what files tell of the past: transcripts, exports, other systems' databases.",
  rest: { name: "files", doc: "files, or folders that are searched for files of the kind" },
  examples: [
    "daybook import ~/.claude/projects --from claude",
    "daybook import ~/.codex/sessions --from codex",
    "daybook import events.ndjson --from ndjson --json",
  ],
  async run(call) {
    const { settings, out } = call;
    const from = settings.text("from") ?? "";
    const kind = Object.hasOwn(KINDS, from) ? KINDS[from] : undefined;
    if (kind === undefined) {
      throw new TrailError("option.invalid", `--from must be one of ${Object.keys(KINDS).join(", ")}.`, {
        field: "--from",
      });
    }
    if (call.rest.length === 0)
      throw new TrailError("option.invalid", "Name one or more files or folders to import.", {
        field: "FILE",
      });
    const files = call.rest.flatMap((path) => filesOf(path, kind));
    await using trail = openOrMake(call);
    const work = new Import(call, trail, files);
    for (const file of files) await work.file(kind, file);
    if (work.imported > 0) await sealQuietly(trail, out);
    await work.sumUp();
    return work.refused > 0 ? BAD_INPUT : 0;
  },
};

class Import {
  imported = 0;
  refused = 0;
  #known = 0;
  #quiet = 0;
  readonly #call: Call;
  readonly #trail: Trail;
  readonly #bytes: number;
  readonly #files: readonly string[];
  readonly #tenant: string;
  readonly #around: Around;
  #bytesDone = 0;
  /** How much of the file at hand is read. */
  #share = 0;
  #fileBytes = 0;
  #shownAt = 0;
  #isShown = false;

  constructor(call: Call, trail: Trail, files: readonly string[]) {
    this.#call = call;
    this.#trail = trail;
    this.#files = files;
    this.#tenant = call.settings.required("tenant");
    this.#around = {
      traces: new Map(),
      tenant: call.settings.given("tenant") ? this.#tenant : undefined,
    };
    this.#bytes = files.reduce((sum, file) => sum + sizeOf(file), 0);
  }

  async file(kind: ImportKind, file: string): Promise<void> {
    let batch: Array<{ draft: WireDraft; line: number }> = [];
    let chars = 0;
    this.#fileBytes = sizeOf(file);
    const commit = async (): Promise<void> => {
      if (batch.length > 0) await this.#append(file, batch);
      batch = [];
      chars = 0;
      this.#progress();
    };
    try {
      for await (const { line, read, note, share } of readFile(kind, file, this.#around)) {
        if (note !== undefined) this.#say(file, line, note);
        for (const { field, rule } of problemsOf(read)) this.#refuse(file, line, `${field} ${rule}`);
        if (read.dropped !== undefined) this.#quiet++;
        for (const draft of read.drafts) {
          const bounded = boundedDraft({ ...draft, tenant: this.#tenant });
          batch.push({ draft: bounded.draft, line });
          chars += bounded.chars;
        }
        this.#share = share ?? this.#share;
        if (batch.length >= BATCH_EVENTS || chars > BATCH_CHARS) await commit();
      }
    } catch (thrown) {
      // What came before is kept: it is what the file says, and the next reading knows it.
      if (isStoreTrouble(thrown)) throw thrown;
      this.#refuse(file, 0, messageOf(thrown));
    }
    await commit();
    this.#bytesDone += this.#fileBytes;
    this.#fileBytes = 0;
    this.#share = 0;
    this.#progress();
  }

  async #append(file: string, batch: ReadonlyArray<{ draft: WireDraft; line: number }>): Promise<void> {
    const outcomes = await this.#trail.append(batch.map(({ draft }) => draft));
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.status === "appended") this.imported++;
      else if (outcome.status === "duplicate") this.#known++;
      else if (outcome.status === "rejected")
        this.#refuse(file, batch[i]?.line ?? 0, `was refused by the store: ${outcome.reason}`);
    }
  }

  #refuse(file: string, line: number, rule: string): void {
    this.refused++;
    if (this.refused <= BAD_LINES_SHOWN) this.#say(file, line, rule);
  }

  #say(file: string, line: number, what: string): void {
    this.#clear();
    const place = line === 0 ? file : `${file}:${line}`;
    this.#call.out.note(`daybook: ${visible(place)}: ${visible(what.slice(0, 500))}`);
  }

  /** On a terminal only: one line that writes over itself. */
  #progress(): void {
    if (this.#call.out.columns === undefined || performance.now() - this.#shownAt < PROGRESS_MS) return;
    this.#shownAt = performance.now();
    this.#isShown = true;
    const done = this.#bytesDone + this.#fileBytes * Math.min(1, this.#share);
    const share = this.#bytes === 0 ? 100 : Math.floor((100 * done) / this.#bytes);
    const counted = this.imported + this.#known;
    this.#call.io.stderr.write(`\r${share} %, ${counted} events of ${this.#files.length} files\u001b[K`);
  }

  #clear(): void {
    if (this.#isShown) this.#call.io.stderr.write("\r\u001b[K");
    this.#isShown = false;
  }

  async sumUp(): Promise<void> {
    this.#clear();
    const { out, settings } = this.#call;
    if (this.refused > BAD_LINES_SHOWN)
      out.note(`daybook: … and ${this.refused - BAD_LINES_SHOWN} lines more`);
    const counts = { imported: this.imported, known: this.#known, quiet: this.#quiet, refused: this.refused };
    if (settings.on("json")) return out.json({ files: this.#files.length, ...counts });
    const parts = [
      `${counts.imported} events imported`,
      `${counts.known} known already`,
      `${counts.quiet} lines without activity`,
      `${counts.refused} refused`,
    ];
    await out.line(`${parts.join(", ")}; ${this.#files.length} files`);
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function problemsOf({ problem, more = [] }: Read): readonly Problem[] {
  return problem === undefined ? more : [problem, ...more];
}

/** An event that no store takes loses its data and says so; the file still has it. */
function boundedDraft(draft: WireDraft): { draft: WireDraft; chars: number } {
  const chars = JSON.stringify(draft).length;
  if (chars * 3 <= LIMITS.eventBytes) return { draft, chars };
  const bytes = Buffer.byteLength(JSON.stringify(draft));
  if (bytes <= LIMITS.eventBytes) return { draft, chars };
  const imported = draft.data?.imported ?? null;
  const data = { truncated: true, bytes, limit: LIMITS.eventBytes, imported };
  return { draft: { ...draft, data }, chars: 1_000 };
}

function isStoreTrouble(thrown: unknown): boolean {
  return thrown instanceof TrailError && thrown.code.startsWith("store.");
}
