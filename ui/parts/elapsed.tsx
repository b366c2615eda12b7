import { useSyncExternalStore } from "react";
import { duration } from "../feed/format.ts";

const TICK_MS = 1_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;
let now = Date.now();

/** One clock for everything that ticks; it stands still when nobody looks. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  now = Date.now();
  timer ??= setInterval(() => {
    now = Date.now();
    for (const one of listeners) one();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

const still = (): (() => void) => () => undefined;

/** How long something has been running; for those who want no motion, only that it is. */
export function Elapsed({ since }: { since: string }) {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const at = useSyncExternalStore(isCalm ? still : subscribe, () => now);
  if (isCalm) return <span className="running">running</span>;
  const seconds = Math.max(0, Math.floor((at - Date.parse(since)) / 1_000));
  return (
    <span className="running" title="Still running">
      {seconds === 0 ? "0 s" : duration(seconds * 1_000).replace(/\.\d+ s$/, " s")}
    </span>
  );
}
