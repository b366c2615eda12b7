import { expect, it } from "vitest";
import * as daybook from "../../src/index.ts";
import { readText } from "./sources.ts";

/** What `import … from "daybook"` gives. A name that is added here is a promise. */
const VALUES = [
  "ThreadGraph",
  "TrailError",
  "costOf",
  "displayBreach",
  "dropHead",
  "encodeNamespace",
  "groupTurns",
  "isTrailError",
  "messagesToEvents",
  "nopTrail",
  "openTrail",
  "parseNamespace",
  "toMessages",
];
const TYPES = [
  "Actor",
  "AuditEvent",
  "Breach",
  "CallDraft",
  "CallEnd",
  "Category",
  "Completeness",
  "Completion",
  "ContentPart",
  "EmitterState",
  "ErrorCode",
  "ErrorKind",
  "EventDraft",
  "EventFilter",
  "EventPage",
  "EventReader",
  "Flushed",
  "FollowOptions",
  "Health",
  "Insights",
  "ListOptions",
  "LossReason",
  "Message",
  "Phase",
  "PruneOptions",
  "Pruned",
  "Receipt",
  "Resource",
  "Retention",
  "RetentionPolicy",
  "Run",
  "RunDraft",
  "RunEnd",
  "RunFilter",
  "RunHandle",
  "RunLog",
  "RunTree",
  "Runs",
  "Severity",
  "Stats",
  "Status",
  "StoreDescription",
  "ThreadEvent",
  "ThreadSink",
  "Threads",
  "ToolCall",
  "Tools",
  "Trail",
  "TrailOptions",
  "Usage",
];

it("exports exactly the values that were reviewed", () => {
  expect(Object.keys(daybook).sort()).toEqual(VALUES);
});

it("exports exactly the types that were reviewed", () => {
  const lists = [...readText("src/index.ts").matchAll(/^export type \{([^}]*)\} from/gm)];
  const names = lists.flatMap(([, list = ""]) => list.split(",").map((name) => name.trim()));
  expect(names.filter((name) => name !== "").sort()).toEqual(TYPES);
});
