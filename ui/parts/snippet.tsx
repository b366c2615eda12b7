import { useState } from "react";

const SAID_MS = 1_500;

export function Snippet({ text }: { text: string }) {
  return (
    <div className="snippet">
      <pre tabIndex={0}>{text}</pre>
      <CopyButton text={text} label="Copy" />
    </div>
  );
}

interface Props {
  text: string;
  label: string;
  /** What is copied, for readers of screens, where the label alone does not tell. */
  name?: string;
  /** Among text, where a button would be loud. */
  quiet?: boolean;
}

/** Says that it copied, or that the browser would not. */
export function CopyButton({ text, label, name, quiet = false }: Props) {
  const [said, setSaid] = useState<string | null>(null);
  const say = (word: string): void => {
    setSaid(word);
    setTimeout(() => setSaid(null), SAID_MS);
  };
  return (
    <button
      type="button"
      className={quiet ? "" : "button"}
      aria-label={said === null ? name : undefined}
      onClick={() =>
        navigator.clipboard.writeText(text).then(
          () => say("Copied"),
          () => say("Not allowed"),
        )
      }
    >
      <span aria-live="polite">{said ?? label}</span>
    </button>
  );
}
