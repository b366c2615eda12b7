/** Something that wants a last word when the process ends. */
export interface ExitGuest {
  /** The event loop has nothing left to do: deliver, the process waits for it. */
  onIdle(): void;
  /** The process ends now: make safe what can be made safe, synchronously and quickly. */
  onExit(): void;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const guests = new Set<ExitGuest>();

/** Calls the guest at the end of the process until the returned function is called. */
export function atExit(guest: ExitGuest): () => void {
  if (guests.size === 0) listen();
  guests.add(guest);
  return () => {
    if (guests.delete(guest) && guests.size === 0) unlisten();
  };
}

function listen(): void {
  process.on("beforeExit", onBeforeExit);
  process.on("exit", onExit);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function unlisten(): void {
  process.off("beforeExit", onBeforeExit);
  process.off("exit", onExit);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

function onBeforeExit(): void {
  for (const guest of guests) guest.onIdle();
}

function onExit(): void {
  for (const guest of guests) guest.onExit();
}

/**
 * A listener takes the signal's own effect away. Where ours is the only one, the process would have
 * died of the signal, so it still does, after the guests; where the program has its own, that decides.
 */
function onSignal(signal: NodeJS.Signals): void {
  onExit();
  if (process.listenerCount(signal) > 1) return;
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}
