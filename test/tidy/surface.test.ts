import { expect, it } from "vitest";
import * as daybook from "../../src/index.ts";
import { readText } from "./sources.ts";

/** What `import … from "daybook"` gives. A name that is added here is a promise. */
const VALUES = ["TrailError", "isTrailError", "nopTrail", "openTrail"];
const TYPES = [
  "Actor",
  "AuditEvent",
  "Category",
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
  "ListOptions",
  "LossReason",
  "Phase",
  "Receipt",
  "Resource",
  "Severity",
  "Stats",
  "Status",
  "StoreDescription",
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
