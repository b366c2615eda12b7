import type { Row } from "./measure.ts";
import { adapters } from "./rows/adapters.ts";
import { depth } from "./rows/depth.ts";
import { disk } from "./rows/disk.ts";
import { exit } from "./rows/exit.ts";
import { filters } from "./rows/filters.ts";
import { footprint } from "./rows/footprint.ts";
import { forwarding } from "./rows/forwarding.ts";
import { growth } from "./rows/growth.ts";
import { hashing } from "./rows/hashing.ts";
import { httpBulk, httpOne } from "./rows/http-ingest.ts";
import { live } from "./rows/live.ts";
import { mainThread } from "./rows/main-thread.ts";
import { persist } from "./rows/persist.ts";
import { proofs } from "./rows/proofs.ts";
import { recordMemory } from "./rows/record-memory.ts";
import { recordSpooled } from "./rows/record-spooled.ts";
import { redaction } from "./rows/redaction.ts";
import { statistics } from "./rows/statistics.ts";
import { views } from "./rows/views.ts";

/** In the order in which they are measured and told. */
export const ROWS: readonly Row[] = [
  recordMemory,
  recordSpooled,
  mainThread,
  adapters,
  persist,
  httpBulk,
  httpOne,
  live,
  filters,
  depth,
  statistics,
  views,
  hashing,
  proofs,
  forwarding,
  disk,
  growth,
  footprint,
  redaction,
  exit,
];
