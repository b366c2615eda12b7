import { acceptDraft } from "../../event/accept.ts";
import { EVENT_TYPES, SYSTEM_TENANT } from "../../event/vocabulary.ts";
import { encodeDraft } from "../../event/wire.ts";
import type { Store } from "../../store/store.ts";
import type { Verifier } from "../../tlog/note.ts";
import { publicKeys } from "../seal/keys.ts";
import type { LogGround } from "../seal/log.ts";
import type { Scope } from "../trail.ts";
import { Cosigner } from "./cosigner.ts";
import { keepWitnessed, readWitnesses, type WitnessedOptions, type WitnessState } from "./follower.ts";
import { witnessKey } from "./witness-key.ts";

/** Witnessing: our logs by others, and others' logs by us. */
export interface Witnessing {
  /** How the log stands with each witness that it was shown to. */
  witnesses(options?: Scope): Promise<WitnessState[]>;
  /** Shows every new checkpoint to the witnesses until the function that it returns is called. */
  keepWitnessed(
    options: Pick<WitnessedOptions, "witnesses" | "turnMs" | "onProblem">,
  ): Promise<() => Promise<void>>;
  /** Cosigns checkpoints of other logs; null where no disk holds a key. */
  cosigner(watched: readonly Verifier[]): Cosigner | null;
  /** What another Daybook is told, to witness us and to be witnessed; null where no disk holds a key. */
  identity(): { readonly log: string; readonly witness: string } | null;
}

export function createWitnessing({
  open,
  tenant: own,
  keys,
}: Pick<LogGround, "open" | "tenant" | "keys">): Witnessing {
  return {
    witnesses: async ({ tenant = own } = {}) => readWitnesses(await open(), tenant),

    async keepWitnessed(options) {
      const store = await open();
      const onContradiction = (tenant: string, { witness, problem }: WitnessState): Promise<unknown> =>
        tell(store, `The witness ${witness} contradicts the log of ${tenant}.`, { tenant, witness, problem });
      return keepWitnessed(store, { ...options, onContradiction });
    },

    cosigner(watched) {
      const key = witnessKey(keys.path, keys.make().log);
      if (key === null) return null;
      const onSplit = async (origin: string): Promise<unknown> =>
        tell(await open(), `The log ${origin} shows two histories.`, { origin });
      return new Cosigner(open, key, watched, onSplit);
    },

    identity() {
      const file = keys.make();
      const key = witnessKey(keys.path, file.log);
      const log = publicKeys(file, file.log).findLast(({ state }) => state === "active");
      return key === null || log === undefined ? null : { log: log.verifier, witness: key.verifier };
    },
  };
}

/** Into the log that no agent writes: it is a matter for whoever answers for this Daybook. */
async function tell(store: Store, error: string, data: object): Promise<void> {
  const draft = {
    type: EVENT_TYPES.logContradicted,
    category: "safety",
    status: "error",
    severity: "FATAL" as const,
    summary: error,
    error,
    data,
  };
  await store.append([encodeDraft({ ...acceptDraft(draft, {}), tenant: SYSTEM_TENANT })]);
}
