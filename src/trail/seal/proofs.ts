import type { Scope } from "../trail.ts";
import type { EvidenceOptions } from "./evidence.ts";
import { createLog, type LogGround, proveEvent, sealNow } from "./log.ts";
import type { VerifyOptions } from "./verify.ts";

/** The provable half of a trail. What is rarely asked for is loaded when it is: who only records pays nothing for it. */
export function proofsOf(ground: LogGround) {
  return {
    log: createLog(ground),
    seal: (scope?: Scope) => sealNow(ground, scope),
    proof: (event: string | number, scope?: Scope) => proveEvent(ground, event, scope),
    async *evidence(options: EvidenceOptions) {
      yield* (await import("./evidence.ts")).evidenceLines(ground, options);
    },
    verify: async (options?: VerifyOptions) => (await import("./verify.ts")).verifyStore(ground, options),
  };
}
