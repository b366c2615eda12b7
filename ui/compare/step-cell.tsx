import { Icon } from "../design/icons.tsx";
import { duration, statusName, summaryOf, what } from "../feed/format.ts";
import { money } from "../parts/states.tsx";
import type { Step } from "../runs/steps.ts";
import type { Aligned } from "./align.ts";

/** What makes two steps the same one: what was done, at which depth. */
export function stepName({ event, depth }: Step): string {
  return `${depth} ${what(event).name}`;
}

/** Whether the runs part here: one has no such step, or it ended otherwise. */
export function differs([a, b]: Aligned<Step>): boolean {
  return a === null || b === null || a.status !== b.status || a.isOpen !== b.isOpen;
}

export function tokensOf({ event, end }: Step): number {
  const usage = end?.usage ?? event.usage;
  return usage === null ? 0 : (usage.input ?? 0) + (usage.output ?? 0);
}

function costOf({ event, end }: Step): string | null {
  return end?.cost_usd ?? event.cost_usd;
}

function tookOf(step: Step): number | null {
  const took = step.to - step.from;
  return took > 0 ? took : step.event.duration_ms;
}

const INDENTS_MAX = 8;

/** One side of a row; empty where this run has no such step. */
export function Cell({ step, other }: { step: Step | null; other: Step | null }) {
  if (step === null) {
    return (
      <span className="side missing">
        <span className="visually-hidden">Not in this run</span>
      </span>
    );
  }
  const { name, word } = statusName({ status: step.isOpen ? "pending" : step.status });
  const [took, tokens, cost] = [tookOf(step), tokensOf(step), costOf(step)];
  const isOther = other !== null && other.status !== step.status;
  return (
    <span className="side">
      <span className="name" style={{ paddingLeft: Math.min(step.depth, INDENTS_MAX) * 12 }}>
        <span className={`status ${name}`}>
          <Icon name={name} />
          <span className={isOther ? "" : "visually-hidden"}>{word}</span>
        </span>
        <b>{what(step.event).name}</b>
        <span className="soft">{summaryOf(step.end?.error == null ? step.event : step.end)}</span>
      </span>
      <span className="number">
        {[
          step.isOpen ? "open" : duration(took),
          tokens === 0 ? "" : `${tokens.toLocaleString()} tok`,
          cost === null ? "" : money(cost),
        ]
          .filter((part) => part !== "")
          .join(" · ")}
      </span>
    </span>
  );
}
