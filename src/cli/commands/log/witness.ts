import { TrailError } from "../../../base/error.ts";
import type { WitnessState } from "../../../trail/witness/follower.ts";
import type { Call, Command } from "../../command.ts";
import { visible } from "../../print.ts";
import { openOrMake } from "../../wire.ts";

export const witness: Command = {
  name: "witness",
  summary: "What another Daybook needs to witness this log and to be witnessed, and how it stands.",
  examples: ["daybook witness --url https://daybook.example.com", "daybook witness --json"],
  async run(call) {
    const { settings, out } = call;
    await using trail = openOrMake(call);
    const identity = trail.log.identity();
    if (identity === null)
      throw new TrailError("store.unsupported", "Only a trail with a file of keys can witness.", {
        field: "--db",
        fix: "Ask the server's own machine.",
      });
    const tenants = await trail.log.tenants();
    const states = await Promise.all(
      tenants.map(async (tenant) => ({ tenant, witnesses: await trail.log.witnesses({ tenant }) })),
    );
    if (settings.on("json")) await out.json({ ...identity, logs: states });
    else await print(call, identity, states);
    return 0;
  },
};

async function print(
  { settings, out }: Call,
  identity: { readonly log: string; readonly witness: string },
  states: ReadonlyArray<{ readonly tenant: string; readonly witnesses: readonly WitnessState[] }>,
): Promise<void> {
  const url = settings.text("ownUrl") ?? "http://THIS-MACHINE:4319";
  await out.line(
    "Two lines for the other Daybook. The first makes this one its witness, the second makes it ours:",
  );
  await out.line("");
  await out.line(`DAYBOOK_WITNESSES='${visible(identity.witness)} ${visible(url)}/witness'`);
  await out.line(`DAYBOOK_WITNESS_FOR='${visible(identity.log)}'`);
  for (const { tenant, witnesses } of states) {
    for (const { witness: name, size, state, problem } of witnesses) {
      const why = problem === null ? "" : `: ${visible(problem)}`;
      await out.line("");
      await out.line(`${visible(tenant)}  ${visible(name)}  ${state}, ${size} events${why}`);
    }
  }
}
