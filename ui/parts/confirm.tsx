import { useState } from "react";

interface Props {
  label: string;
  /** What the second press is asked with. */
  sure: string;
  /** What it is about, for readers of screens. */
  name: string;
  act(): Promise<void> | void;
}

/** A button for what cannot be undone: it acts when it is pressed a second time. */
export function Confirm({ label, sure, name, act }: Props) {
  const [asked, setAsked] = useState(false);
  return (
    <button
      type="button"
      className="button"
      aria-label={asked ? `${sure} ${name}` : `${label} ${name}`}
      onClick={() => {
        if (asked) void act();
        setAsked(!asked);
      }}
      onBlur={() => setAsked(false)}
    >
      {asked ? sure : label}
    </button>
  );
}
