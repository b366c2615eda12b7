import type { Witness } from "../trail/witness/keeper.ts";
import { parseWitnesses } from "../trail/witness/targets.ts";
import type { Call } from "./command.ts";

/** The witnesses that the call names, by flag or environment. Throws `option.invalid`. */
export function witnessesOf({ settings, io }: Call): Witness[] {
  const { env } = io;
  return parseWitnesses(settings.text("witnesses") ?? "", {
    accessKeyId: env.AWS_ACCESS_KEY_ID ?? "",
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "",
    sessionToken: env.AWS_SESSION_TOKEN ?? "",
    region: env.AWS_REGION ?? "us-east-1",
  });
}
