import type { JsonObject } from "../../base/json.ts";
import type { StoreVerdict, VerifyOptions } from "../../trail/seal/verify.ts";
import type { TenantTrail } from "../../trail/trail.ts";
import type { Arguments, ArgumentTable } from "./arguments.ts";

/** What may be asked: one tenant's trail, as far as whoever asks may see it. */
export interface Readable extends Pick<TenantTrail, "events" | "runs" | "insights"> {
  /** Rejects with `access.denied` where not all of the log may be seen. */
  verify(options: Pick<VerifyOptions, "signal" | "onProgress">): Promise<StoreVerdict>;
}

export interface Asked {
  readonly trail: Readable;
  readonly given: Arguments;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly takes: ArgumentTable;
  readonly required?: readonly string[];
  /** Throws a TrailError, which names the argument that is wrong. */
  run(asked: Asked): Promise<JsonObject>;
}

/** As `tools/list` tells it: it only reads, and only here. */
export function describeTool({ name, title, description, takes, required = [] }: Tool): JsonObject {
  return {
    name,
    title,
    description,
    inputSchema: {
      type: "object",
      properties: JSON.parse(JSON.stringify(takes)) as JsonObject,
      required: [...required],
      additionalProperties: false,
    },
    annotations: {
      title,
      readOnlyHint: true,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    },
  };
}
