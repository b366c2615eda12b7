import type { Command } from "./command.ts";
import { bench } from "./commands/bench.ts";
import { hook } from "./commands/capture/hook.ts";
import { importCommand } from "./commands/capture/import.ts";
import { doctor } from "./commands/doctor.ts";
import { erase } from "./commands/erase.ts";
import { exportCommand } from "./commands/export.ts";
import { forwarders } from "./commands/forwarders.ts";
import { keys } from "./commands/keys.ts";
import { list } from "./commands/list.ts";
import { proof } from "./commands/log/proof.ts";
import { seal } from "./commands/log/seal.ts";
import { verify } from "./commands/log/verify.ts";
import { witness } from "./commands/log/witness.ts";
import { mcpProxy } from "./commands/mcp/proxy.ts";
import { mcp } from "./commands/mcp/server.ts";
import { prune } from "./commands/prune.ts";
import { record } from "./commands/record.ts";
import { serve } from "./commands/serve.ts";
import { show } from "./commands/show.ts";
import { tail } from "./commands/tail.ts";
import { approvals } from "./commands/views/approvals.ts";
import { rebuild } from "./commands/views/rebuild.ts";
import { run as oneRun } from "./commands/views/run.ts";
import { runs } from "./commands/views/runs.ts";
import { stats } from "./commands/views/stats.ts";
import { thread } from "./commands/views/thread.ts";
import { tools } from "./commands/views/tools.ts";

export const COMMANDS: readonly Command[] = [
  serve,
  record,
  list,
  tail,
  show,
  stats,
  runs,
  oneRun,
  thread,
  tools,
  approvals,
  prune,
  erase,
  rebuild,
  keys,
  forwarders,
  bench,
  doctor,
  hook,
  mcp,
  mcpProxy,
  importCommand,
  seal,
  proof,
  verify,
  witness,
  exportCommand,
];
