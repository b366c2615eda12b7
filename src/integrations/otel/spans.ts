import type { EventDraft } from "../../event/event.ts";
import type { Span } from "../../ingest/otlp/model.ts";
import { draftsOf } from "../../ingest/otlp/span-drafts.ts";
import { isKept, type Node, operationIn, spanTree } from "../../ingest/otlp/span-tree.ts";
import { BoundedMap } from "../bounded-map.ts";
import { spanOf } from "./model.ts";

interface Going {
  /** The SDK's own object: its attributes grow as it goes on. */
  readonly span: unknown;
  readonly parent: string;
  /** Ended spans inside it that say something about it. */
  readonly inside: Span[];
  hasStart: boolean;
}

/** Of these a start is told; most spans of a program are none of them, and cost a look. */
const STARTING: ReadonlySet<unknown> = new Set(["tool", "agent", "workflow"]);
const ANCESTORS_MAX = 100;
const INSIDE_MAX = 1_000;
/** OTLP's `STATUS_CODE_ERROR`. */
const FAILED = 2;

/**
 * Spans one by one, each read among those around it and inside it, as the mapper of OTLP reads a whole
 * batch; so a start is told when it happens, under the same id that a later export would give it.
 */
export class LiveSpans {
  readonly #going = new BoundedMap<string, Going>();

  /** The start of what has one worth telling, if that is known by now. */
  started(given: unknown): EventDraft[] {
    const span = spanOf(given);
    const going: Going = {
      span: given,
      parent: keyOf(span.traceId, span.parentSpanId),
      inside: [],
      hasStart: false,
    };
    this.#going.set(keyOf(span.traceId, span.spanId), going);
    if (!STARTING.has(operationIn(span))) return [];
    const drafts = this.#drafts(span, going).filter(({ phase }) => phase === "started");
    going.hasStart = drafts.length > 0;
    return drafts;
  }

  ended(given: unknown): EventDraft[] {
    const span = spanOf(given);
    const going = this.#going.take(keyOf(span.traceId, span.spanId));
    const isNobodys = operationIn(span) === undefined && span.statusCode !== FAILED;
    const drafts = isNobodys ? [] : this.#drafts(span, going);
    const above = going === undefined ? undefined : this.#going.get(going.parent);
    if (above !== undefined && above.inside.length < INSIDE_MAX)
      above.inside.push(span, ...(going?.inside ?? []));
    return going?.hasStart === true ? drafts.filter(isNotStart(span)) : drafts;
  }

  #drafts(span: Span, going: Going | undefined): EventDraft[] {
    if (span.traceId === "" || span.spanId === "") return [];
    const around = [...this.#above(going), span, ...(going?.inside ?? [])];
    const node = spanTree(around).find((each: Node) => each.span === span);
    return node === undefined || !isKept(node) ? [] : draftsOf(node, {});
  }

  #above(going: Going | undefined): Span[] {
    const above: Span[] = [];
    let at = going === undefined ? undefined : this.#going.get(going.parent);
    while (at !== undefined && above.length < ANCESTORS_MAX) {
      above.push(spanOf(at.span));
      at = this.#going.get(at.parent);
    }
    return above;
  }
}

/** A refused call in the messages of a model call has a start of its own, which is told here and nowhere else. */
function isNotStart({ spanId }: Span): (draft: EventDraft) => boolean {
  return (draft) => draft.phase !== "started" || draft.spanId !== spanId;
}

function keyOf(traceId: string, spanId: string): string {
  return `${traceId}/${spanId}`;
}
