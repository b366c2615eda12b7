import { useSyncExternalStore } from "react";
import { readStored, writeStored } from "./stored.ts";

/** In which clock times are written and read. */
export type Zone = "local" | "utc";

const KEY = "daybook.zone";
const listeners = new Set<() => void>();
let zone: Zone = readStored(KEY) === "utc" ? "utc" : "local";

export function currentZone(): Zone {
  return zone;
}

export function setZone(next: Zone): void {
  if (next === zone) return;
  zone = next;
  writeStored(KEY, next);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useZone(): Zone {
  return useSyncExternalStore(subscribe, currentZone);
}
