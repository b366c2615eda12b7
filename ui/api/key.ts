import { useSyncExternalStore } from "react";

/** Kept for this tab alone, so that a borrowed computer forgets it. */
const KEY = "daybook.key";

interface KeyState {
  readonly key: string | null;
  /** The server has asked for one, or for another one. */
  readonly isWanted: boolean;
}

const listeners = new Set<() => void>();
let state: KeyState = { key: readKey(), isWanted: false };

function readKey(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    // Storage may be closed to us: then the key lasts as long as the page.
    return null;
  }
}

function set(next: KeyState): void {
  if (next.key === state.key && next.isWanted === state.isWanted) return;
  state = next;
  for (const listener of listeners) listener();
}

/** Sends the key with every request from now on; null forgets it. */
export function keepKey(key: string | null): void {
  try {
    if (key === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, key);
  } catch {
    set({ key, isWanted: false });
    return;
  }
  set({ key, isWanted: false });
}

/** What the requests of this page carry. */
export function keyHeaders(): Record<string, string> {
  return state.key === null ? {} : { Authorization: `Bearer ${state.key}` };
}

/** Called where the server answered 401. */
export function wantKey(): void {
  set({ ...state, isWanted: true });
}

export function useApiKey(): KeyState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}
