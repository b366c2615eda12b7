import type { JsonValue } from "../../src/base/json.ts";
import type { WireDraft } from "../../src/event/wire.ts";
import type { Importer } from "../../src/ingest/import/importer.ts";

/** All that a file gives, and the problems that it names. */
export function readAll(importer: Importer, lines: readonly unknown[]) {
  const reads = lines.map((line) => importer.read(line as JsonValue));
  return {
    drafts: [...reads.flatMap(({ drafts }) => drafts), ...importer.end()],
    problems: reads.flatMap(({ problem }, i) => (problem === undefined ? [] : [{ line: i + 1, ...problem }])),
  };
}

/** A draft in one line. */
export function line(draft: WireDraft): string {
  const { usage } = draft;
  const parts = [
    draft.event_type,
    draft.phase ?? "·",
    draft.status,
    draft.tool,
    draft.call_id,
    usage && `${usage.input}+${usage.output}, ${usage.cached ?? 0} cached`,
    draft.duration_ms === undefined ? undefined : `${draft.duration_ms} ms`,
    draft.error && `“${draft.error.split("\n")[0]}”`,
  ];
  return parts.filter((part) => part !== undefined && part !== "").join("  ");
}
