/**
 * The verdict: five claims, each proved, conditional, not provable, or broken. It imports nothing,
 * because it is also a part of the verifier that stands in every evidence bundle.
 */
export type Claim = "content" | "order" | "tail" | "completeness" | "authorship";
export type Standing = "proved" | "conditional" | "not provable" | "broken";

/** Something that is not as it should be. */
export interface Problem {
  readonly claim: Claim;
  /** What happened, as a stable word: `event.changed`. */
  readonly kind: string;
  /** The same as a sentence. */
  readonly text: string;
  /** The first and the last event concerned, where there are some. */
  readonly range?: readonly [number, number];
}

/** What was found out about one claim; `problems` are told beside it. */
export interface Finding {
  readonly claim: Claim;
  /** What holds, where nothing speaks against it. */
  readonly says: string;
  /** What one must believe for it to hold. */
  readonly conditions: readonly string[];
  /** Why nothing can be said; wins over `conditions`. */
  readonly unprovable?: string;
}

export interface JudgedClaim {
  readonly claim: Claim;
  readonly title: string;
  readonly standing: Standing;
  readonly says: string;
  readonly conditions: readonly string[];
  readonly problems: readonly Problem[];
}

export interface Verdict {
  /** The log that was judged: the first line of its checkpoints. */
  readonly log: string;
  /** True where no claim that can be checked is broken. */
  readonly holds: boolean;
  readonly claims: readonly JudgedClaim[];
}

export const CLAIMS: readonly Claim[] = ["content", "order", "tail", "completeness", "authorship"];

export const TITLES: Readonly<Record<Claim, string>> = {
  content: "Content: no event was changed",
  order: "Order: none was moved, taken out or put in between",
  tail: "Tail: nothing was cut off at the end",
  completeness: "Completeness: what was sent has arrived",
  authorship: "Time and authorship: who signed, and when",
};

export function judge(log: string, findings: readonly Finding[], problems: readonly Problem[]): Verdict {
  const claims = CLAIMS.map((claim) => judgeClaim(claim, findings, problems));
  return { log, holds: claims.every(({ standing }) => standing !== "broken"), claims };
}

function judgeClaim(claim: Claim, findings: readonly Finding[], problems: readonly Problem[]): JudgedClaim {
  const title = TITLES[claim];
  const against = problems.filter((problem) => problem.claim === claim);
  const found = findings.find((finding) => finding.claim === claim);
  const conditions = found === undefined ? [] : found.conditions;
  if (against.length > 0) {
    return { claim, title, standing: "broken", says: sentencesOf(against), conditions, problems: against };
  }
  if (found === undefined || found.unprovable !== undefined) {
    const says = found === undefined ? "Nothing was found that speaks for it." : String(found.unprovable);
    return { claim, title, standing: "not provable", says, conditions: [], problems: [] };
  }
  const standing = conditions.length > 0 ? "conditional" : "proved";
  return { claim, title, standing, says: found.says, conditions, problems: [] };
}

const SENTENCES_MAX = 5;

function sentencesOf(problems: readonly Problem[]): string {
  const more = problems.length - SENTENCES_MAX;
  const shown = problems.slice(0, SENTENCES_MAX).map(({ text }) => text);
  return more > 0 ? `${shown.join(" ")} And ${more} more.` : shown.join(" ");
}

/** The verdict as lines for people. */
export function linesOf(verdict: Verdict): string[] {
  const lines: string[] = [];
  for (const { title, standing, says, conditions } of verdict.claims) {
    lines.push(title, `  ${standing.toUpperCase()}. ${says}`);
    for (const condition of conditions) lines.push(`  On the condition that ${condition}`);
  }
  lines.push(verdict.holds ? "Every claim that can be checked holds." : "NOT EVERY CLAIM HOLDS.");
  return lines;
}

export function rangeText([first, last]: readonly [number, number]): string {
  return first === last ? `event ${first}` : `events ${first} to ${last}`;
}
