import type { JsonValue } from "../../base/json.ts";

/** A run's fields as LangSmith's clients send them. */
export type RunFields = Record<string, unknown>;

export interface RunBatch {
  readonly post: RunFields[];
  readonly patch: RunFields[];
}

const PART = /^(post|patch)\.([^.]+)(?:\.([a-z_]+))?$/;

/**
 * The parts of `POST /runs/multipart` as the batch that they are: `post.ID` holds a run, `post.ID.inputs`
 * one of its fields; `patch.ID` the same of a change. Attachments and feedback are not agent activity and
 * stay out. A part that is no JSON is named in `bad`.
 */
export function batchOfParts(
  parts: Iterable<readonly [name: string, text: string]>,
): RunBatch & { bad: string[] } {
  const runs = { post: new Map<string, RunFields>(), patch: new Map<string, RunFields>() };
  const bad: string[] = [];
  for (const [name, text] of parts) {
    const [, method, id, field] = PART.exec(name) ?? [];
    if (method === undefined || id === undefined) continue;
    const value = parsed(text);
    if (value === undefined) {
      bad.push(name.slice(0, 100));
      continue;
    }
    const of = runs[method as "post" | "patch"];
    const run = of.get(id) ?? { id };
    of.set(id, field === undefined ? { ...run, ...fieldsOf(value) } : { ...run, [field]: value });
  }
  return { post: [...runs.post.values()], patch: [...runs.patch.values()], bad };
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

function fieldsOf(value: JsonValue): RunFields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
