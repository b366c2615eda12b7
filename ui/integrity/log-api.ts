import { get } from "../api/events.ts";

export interface LogKey {
  verifier: string;
  state: "active" | "overlap" | "retired" | "revoked";
  since: string;
  until: string | null;
}

export interface Witness {
  witness: string;
  size: number;
  state: "confirmed" | "waiting" | "contradicts";
  problem: string | null;
}

export interface Claim {
  claim: string;
  title: string;
  standing: "proved" | "conditional" | "not provable" | "broken";
  says: string;
  conditions: string[];
}

export interface Verdict {
  holds: boolean;
  events: number;
  sealed: number;
  pruned: number;
  claims: Claim[];
}

export async function fetchKeys(): Promise<LogKey[]> {
  return ((await get("/api/v1/log/keys")) as { data: LogKey[] }).data;
}

export async function fetchWitnesses(): Promise<Witness[]> {
  return ((await get("/api/v1/log/witnesses")) as { data: Witness[] }).data;
}

/** Reads the whole log at the server; tells how far it is, and ends with the verdict. Throws what stood in the way. */
export async function runVerification(
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<Verdict> {
  const response = await fetch("/api/v1/log/verify", { signal });
  if (!response.ok || response.body === null) {
    const body = (await response.json().catch(() => null)) as { error?: string } | null;
    throw new Error(body?.error ?? `The server answers ${response.status}.`);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The verification was interrupted. Start it again.");
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const said = JSON.parse(line) as { done?: number; total?: number; verdict?: Verdict; error?: string };
      if (said.verdict !== undefined) return said.verdict;
      if (said.error !== undefined) throw new Error(said.error);
      onProgress(said.done ?? 0, said.total ?? 0);
    }
  }
}
