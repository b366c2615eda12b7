import { useState } from "react";

export function Snippet({ text }: { text: string }) {
  return (
    <div className="snippet">
      <pre tabIndex={0}>{text}</pre>
      <CopyButton text={text} label="Copy" />
    </div>
  );
}

/** Says that it copied, or that the browser would not. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [said, setSaid] = useState<string | null>(null);
  const say = (word: string): void => {
    setSaid(word);
    setTimeout(() => setSaid(null), 1500);
  };
  return (
    <button
      type="button"
      className="button"
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
