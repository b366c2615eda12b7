import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { formatMicros } from "../../../base/clock.ts";
import { TrailError } from "../../../base/error.ts";
import type { Approval } from "../../../trail/approvals/approvals.ts";
import type { Trail } from "../../../trail/trail.ts";
import { actor } from "../../actor.ts";
import type { Call, Command } from "../../command.ts";
import { visible } from "../../print.ts";
import { type Cell, printTable } from "../../table.ts";
import { readableTime } from "../../when.ts";
import { openExisting } from "../../wire.ts";

const DECISIONS: Readonly<Record<string, "approved" | "denied">> = { approve: "approved", deny: "denied" };

export const approvals: Command = {
  name: "approvals",
  summary: "What waits for somebody's word and what was decided; approve or deny one.",
  argument: { name: "ACTION", doc: "list, approve or deny." },
  more: { name: "ID", doc: "Which approval." },
  examples: [
    "daybook approvals list --state pending",
    "daybook approvals approve 0199c5e6-… --reason 'checked with accounting'",
    "daybook approvals deny 0199c5e6-… --sign-with alice.pem",
  ],
  async run(call) {
    await using trail = openExisting(call);
    const decision = DECISIONS[call.argument];
    if (decision !== undefined) return await decide(call, trail, decision);
    if (call.argument === "list") return await list(call, trail);
    throw new TrailError("option.invalid", `There is no action "${call.argument}" of approvals.`, {
      field: "ACTION",
      fix: "Use list, approve or deny.",
    });
  },
};

async function decide(call: Call, trail: Trail, decision: "approved" | "denied"): Promise<number> {
  const { settings, out, more } = call;
  const path = settings.text("signWith");
  const reason = settings.text("reason");
  const decided = await trail.forTenant(settings.required("tenant")).approvals.decide(more, {
    decision,
    by: actor(),
    ...(reason === undefined ? {} : { reason }),
    ...(path === undefined ? {} : { signWith: createPrivateKey(readFileSync(path)) }),
  });
  if (settings.on("json")) await out.json(toJson(decided));
  else
    await out.line(
      `${visible(decided.tool ?? "the call")} is ${decided.state} by ${visible(decided.decidedBy ?? "")}`,
    );
  return 0;
}

async function list({ settings, out }: Call, trail: Trail): Promise<number> {
  const state = settings.text("state");
  if (state !== undefined && state !== "pending" && state !== "approved" && state !== "denied")
    throw new TrailError("option.invalid", "--state must be pending, approved or denied.", {
      field: "--state",
    });
  const found = await trail
    .forTenant(settings.required("tenant"))
    .approvals.list({ limit: settings.count("limit") ?? 50, ...(state === undefined ? {} : { state }) });
  if (settings.on("json")) {
    for (const approval of found.approvals) await out.json(toJson(approval));
    return 0;
  }
  const columns = [
    { title: "ID" },
    { title: "ASKED" },
    { title: "STATE" },
    { title: "BY" },
    { title: "TOOL" },
    { title: "ARGUMENTS", rest: true as const },
  ];
  await printTable(out, columns, found.approvals.map(row));
  if (found.total > found.approvals.length)
    out.note(`${found.approvals.length} of ${found.total}; --limit shows more.`);
  return 0;
}

function row({ id, askedAt, state, decidedBy, tool, args, violations }: Approval): Cell[] {
  const broken = violations.length === 0 ? "" : `, ${violations.map(({ rule }) => rule).join(", ")}`;
  return [
    { text: visible(id) },
    { text: readableTime(askedAt), style: "dim" },
    { text: `${state}${broken}`, ...(broken === "" ? {} : { style: "red" as const }) },
    { text: visible(decidedBy ?? "") },
    { text: visible(tool ?? "") },
    { text: visible(JSON.stringify(args)) },
  ];
}

function toJson({ askedAt, decidedAt, expiresAt, ...approval }: Approval) {
  const time = (at: number | null): string | null => (at === null ? null : formatMicros(at));
  return {
    ...approval,
    asked_at: formatMicros(askedAt),
    decided_at: time(decidedAt),
    expires_at: time(expiresAt),
  };
}
