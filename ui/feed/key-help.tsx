import { useEffect, useRef } from "react";

const KEYS: ReadonlyArray<readonly [string, string]> = [
  ["/", "filter"],
  ["j  k", "next and previous event"],
  ["Enter", "open the focused event"],
  ["Esc", "close"],
  ["p", "pause and resume"],
  ["?", "this help"],
];

export function KeyHelp({ onClose }: { onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="key-help" onClose={onClose}>
      <h2 id="key-help">Keyboard</h2>
      <dl>
        {KEYS.map(([key, meaning]) => (
          <div key={key} style={{ display: "contents" }}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <button type="button" className="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
