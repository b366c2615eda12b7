import { type Completeness, completenessText } from "../../../trail/completeness.ts";

/** What `/completeness` of a run or a thread answers. */
export function completenessBody(of: "run" | "thread", id: string, found: Completeness) {
  const attributes = {
    present: found.present,
    expected: found.expected,
    unnumbered: found.unnumbered,
    open_calls: found.openCalls,
    complete: found.complete,
    says: completenessText(found),
    emitters: found.emitters,
  };
  return { data: { type: `${of}_completeness`, id, attributes } };
}
