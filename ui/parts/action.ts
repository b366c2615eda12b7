import { useState } from "react";

/** Runs what may fail, and keeps what went wrong in words, to be shown where it was begun. */
export function useAction(): {
  trouble: string;
  run(what: () => Promise<void>): Promise<void>;
} {
  const [trouble, setTrouble] = useState("");
  const run = async (what: () => Promise<void>): Promise<void> => {
    try {
      await what();
      setTrouble("");
    } catch (thrown) {
      setTrouble(thrown instanceof Error ? thrown.message : String(thrown));
    }
  };
  return { trouble, run };
}
