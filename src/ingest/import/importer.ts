import { derivedUuid } from "../../base/derived-uuid.ts";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import { acceptDraft } from "../../event/accept.ts";
import type { EventDraft } from "../../event/event.ts";
import type { Problem } from "../../event/parse.ts";
import type { WireDraft } from "../../event/wire.ts";

/** What one record of a file gives. */
export interface Read {
  readonly drafts: readonly WireDraft[];
  /** The rule that it breaks: it gives nothing, and is named. */
  readonly problem?: Problem;
  /** Further rules that parts of it break. */
  readonly more?: readonly Problem[];
  /** Why it gives nothing, where that is as it should be. */
  readonly dropped?: string;
}

/**
 * Reads one file, record after record, in order, and says what they are as events. Pure: ids come from what
 * the file says, so that the same file gives the same events at every reading.
 */
export interface Importer {
  read(record: JsonValue): Read;
  /** What only the file's end makes sure: the last message, the end of a sub-agent. */
  end(): readonly WireDraft[];
}

/** Several parts of one record as one. */
export function joined(reads: readonly Read[], reason: string): Read {
  const drafts = reads.flatMap((read) => read.drafts);
  const [problem, ...more] = reads.flatMap((read) => [
    ...(read.problem === undefined ? [] : [read.problem]),
    ...(read.more ?? []),
  ]);
  if (problem !== undefined) return { drafts, problem, more };
  return drafts.length === 0 ? dropped(reason) : { drafts };
}

export const NOTHING: Read = { drafts: [] };

export function dropped(reason: string): Read {
  return { drafts: [], dropped: reason };
}

export function broken(field: string, rule: string): Read {
  return { drafts: [], problem: { field, rule } };
}

/** Drafts of a file of this kind. */
export function imported(from: string, drafts: readonly EventDraft[]): WireDraft[] {
  return drafts.map((draft) => markImported(from, acceptDraft(draft, {})));
}

/** Everyone who reads the event sees that it was told afterwards, by a file; what it said of its origin is kept. */
export function markImported(from: string, draft: WireDraft): WireDraft {
  const { origin, data } = draft;
  const mark: JsonObject = { from };
  if (origin !== undefined && origin !== IMPORT) mark.origin = origin;
  return { ...draft, origin: IMPORT, source: draft.source ?? from, data: { ...data, imported: mark } };
}

const IMPORT = "import";

/** The id of a fact of a file: without a time where another event must be able to name it. */
export function importId(from: string, parts: readonly string[], at?: number): string {
  return derivedUuid(["import", from, ...parts], at);
}

const UNIQUE_CHARS = 16;

/**
 * Within what an id is one of a kind: ids of the providers of models are so everywhere, and a session that
 * goes on in another file repeats what it said with the same ids; `call-1` is so within its session only.
 */
export function scopeOfId(id: string, session: string): string {
  return id.length >= UNIQUE_CHARS ? "" : session;
}
