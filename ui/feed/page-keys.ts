import { useEffect, useRef } from "react";
import type { Line } from "./lines.ts";
import { isOf } from "./listing.tsx";

interface PageKeys {
  lines: readonly Line[];
  openId: string | undefined;
  open(id: string | undefined): void;
  togglePause(): void;
  focusQuery(): void;
  help(): void;
}

/** The shortcuts of the page of events, where no field and no dialog has the keyboard. */
export function usePageKeys(keys: PageKeys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKey = (pressed: KeyboardEvent): void => {
      const { lines, openId, open, togglePause, focusQuery, help } = latest.current;
      const target = pressed.target instanceof HTMLElement ? pressed.target : null;
      if (pressed.metaKey || pressed.ctrlKey || pressed.altKey || target?.closest("dialog") !== null) return;
      if (target?.closest("input, textarea, select") !== null) return;
      const at = lines.findIndex((line) => isOf(line, openId));
      const move = (to: number): void => {
        const line = lines[Math.max(0, Math.min(lines.length - 1, to))];
        if (line !== undefined) open(line.event.id);
      };
      const inDetail = pressed.key.startsWith("Arrow") && target?.closest(".detail") !== null;
      const action = inDetail
        ? undefined
        : actionFor(pressed.key, { at, move, close: () => open(undefined), togglePause, focusQuery, help });
      if (action === undefined) return;
      pressed.preventDefault();
      action();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

interface Actions {
  at: number;
  move(to: number): void;
  close(): void;
  togglePause(): void;
  focusQuery(): void;
  help(): void;
}

function actionFor(
  key: string,
  { at, move, close, togglePause, focusQuery, help }: Actions,
): (() => void) | undefined {
  switch (key) {
    case "j":
    case "ArrowDown":
      return () => move(at + 1);
    case "k":
    case "ArrowUp":
      return () => move(at < 0 ? 0 : at - 1);
    case "Escape":
      return close;
    case "p":
      return togglePause;
    case "/":
      return focusQuery;
    case "?":
      return help;
    default:
      return undefined;
  }
}
