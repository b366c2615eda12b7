import { formatMicros } from "../base/clock.ts";
import { readEntry } from "../event/leaf.ts";
import { TITLES, type Verdict } from "./verdict.ts";

/** Events that a report shows; the rest stands in the bundle alone. */
export const REPORT_ROWS = 2_000;
const CELL_MAX = 300;

/** What the report is made from: the header of the bundle, its lines, and the verdict on it. */
export interface ReportInput {
  readonly log: string;
  readonly tenant: string;
  readonly selection: string;
  readonly madeAt: string;
  readonly verdict: Verdict;
  readonly keys: readonly string[];
  readonly checkpoint: string;
  /** Events in the bundle. */
  readonly events: number;
  /** The first of them, `REPORT_ROWS` at most. */
  readonly lines: ReadonlyArray<{
    readonly seq: number;
    readonly entry?: string;
    readonly payload?: string;
    readonly opened?: string;
  }>;
}

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1b1b1f}
table{border-collapse:collapse;width:100%;font-size:13px}td,th{text-align:left;vertical-align:top;padding:.3rem .5rem;border-bottom:1px solid #ddd;overflow-wrap:anywhere}
pre{background:#f5f5f7;padding:.8rem;overflow:auto}.broken{color:#b00020;font-weight:600}.proved{color:#0a6b2d;font-weight:600}`;

/** The bundle for people: a page without scripts, in which everything that was recorded is text. */
export function reportPage(input: ReportInput): string {
  const { verdict, lines, events } = input;
  const claims = verdict.claims.map(({ claim, standing, says, conditions }) => {
    const more = conditions
      .map((condition) => `<li>On the condition that ${asText(condition)}</li>`)
      .join("");
    const mark = standing === "broken" || standing === "proved" ? ` class="${standing}"` : "";
    return `<h3>${asText(TITLES[claim])}</h3><p><span${mark}>${standing.toUpperCase()}</span>. ${asText(says)}</p><ul>${more}</ul>`;
  });
  const rows = lines.map(rowOf);
  const left = events > lines.length ? `<p>${events - lines.length} more stand in evidence.ndjson.</p>` : "";
  return `<!doctype html><html lang="en"><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evidence: ${asText(input.tenant)}</title><style>${STYLE}</style>
<h1>Evidence from the log of ${asText(input.tenant)}</h1>
<p>${asText(input.selection)}; ${events} events; made at ${asText(input.madeAt)}.</p>
<h2>Verdict</h2>${claims.join("")}
<p>This page is a convenience. What proves something is <code>evidence.ndjson</code>, checked by
<code>node verify.mjs</code> or <code>python3 verify.py</code>, with the log's key as you were told it.</p>
<h2>Events</h2><table><tr><th>seq</th><th>recorded</th><th>type</th><th>status</th><th>who</th><th>tool</th><th>what</th></tr>${rows.join("")}</table>${left}
<h2>Checkpoint</h2><pre>${asText(input.checkpoint)}</pre><h2>Keys</h2><pre>${asText(input.keys.join("\n"))}</pre></html>
`;
}

function rowOf({ seq, entry, payload, opened }: ReportInput["lines"][number]): string {
  const fields = entry === undefined ? null : readEntry(entry);
  if (fields === null) return `<tr><td>${seq}</td><td colspan="6">gone; its hash is in the bundle</td></tr>`;
  const time = typeof fields.created_at === "number" ? formatMicros(fields.created_at) : "";
  const said = saidIn(opened ?? payload, opened === undefined);
  const who = [fields.agent, fields.actor_type, fields.actor_id].filter((part) => part !== null).join(" ");
  const cells = [time, fields.event_type, fields.status, who, fields.tool, said.join(" · ")];
  return `<tr><td>${seq}</td>${cells.map((cell) => `<td>${asText(String(cell ?? "").slice(0, CELL_MAX))}</td>`).join("")}</tr>`;
}

/** The parts of a payload that say something. */
function saidIn(payload = "[]", isStored: boolean): string[] {
  if (isStored && payload.includes("daybook.protected")) return ["under a key that is not here"];
  const parts: unknown = JSON.parse(payload);
  return (Array.isArray(parts) ? parts : [])
    .filter((part) => part !== null)
    .map((part) => (typeof part === "string" ? part : JSON.stringify(part)))
    .filter((part) => part !== "{}");
}

/** Escaped, with direction marks and controls shown: what was recorded is hostile until shown. */
function asText(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll(/[\p{Cf}\p{Co}]|(?!\n)\p{Cc}/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
