import { useState } from "react";
import { send } from "../api/events.ts";

interface Props {
  label: string;
  /** What it is about, for readers of screens, where the label alone does not tell. */
  name?: string;
  to: string;
  then(): void;
}

/** One request; what went wrong stands beside the button. */
export function Act({ label, name, to, then }: Props) {
  const [trouble, setTrouble] = useState("");
  const act = async (): Promise<void> => {
    try {
      await send("POST", to);
      setTrouble("");
    } catch (thrown) {
      setTrouble(thrown instanceof Error ? thrown.message : String(thrown));
    }
    then();
  };
  return (
    <>
      <button type="button" className="button" aria-label={name} onClick={() => void act()}>
        {label}
      </button>
      {trouble === "" ? null : (
        <span className="bad" role="alert">
          {" "}
          {trouble}
        </span>
      )}
    </>
  );
}
