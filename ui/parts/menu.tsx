import { type ReactNode, useEffect, useId, useRef, useState } from "react";

interface Props {
  label: ReactNode;
  /** What the panel is, for readers of screens. */
  name: string;
  children(close: () => void): ReactNode;
}

/** A button, and a panel below it that goes when one looks elsewhere. */
export function Menu({ label, name, children }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  useEffect(() => {
    const own = root.current;
    if (!open || own === null) return;
    const isOutside = (target: EventTarget | null): boolean =>
      target instanceof Node && !own.contains(target);
    const onPointer = ({ target }: PointerEvent): void => {
      if (isOutside(target)) setOpen(false);
    };
    const onFocusOut = ({ relatedTarget }: FocusEvent): void => {
      if (isOutside(relatedTarget)) setOpen(false);
    };
    const onKey = (pressed: KeyboardEvent): void => {
      if (pressed.key !== "Escape") return;
      pressed.stopPropagation();
      setOpen(false);
      button.current?.focus();
    };
    window.addEventListener("pointerdown", onPointer);
    own.addEventListener("focusout", onFocusOut);
    own.addEventListener("keydown", onKey);
    return () => {
      window.removeEventListener("pointerdown", onPointer);
      own.removeEventListener("focusout", onFocusOut);
      own.removeEventListener("keydown", onKey);
    };
  }, [open]);
  return (
    <div ref={root} className="menu">
      <button
        ref={button}
        type="button"
        className="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        {label}
        <span aria-hidden="true">▾</span>
      </button>
      <section id={id} className="panelmenu" aria-label={name} hidden={!open}>
        {open ? children(close) : null}
      </section>
    </div>
  );
}
