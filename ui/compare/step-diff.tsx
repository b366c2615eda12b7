import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { Icon } from "../design/icons.tsx";
import { what } from "../feed/format.ts";
import type { Step } from "../runs/steps.ts";
import { align } from "./align.ts";

/** Longer texts are cut: what differs is mostly near the top, and the events themselves are a click away. */
const LINES_MAX = 2_000;
const SAME_AROUND = 3;

interface Props {
  a: Step | null;
  b: Step | null;
  onClose(): void;
}

/** What two calls were given and what came of it, line beside line. */
export function StepDiff({ a, b, onClose }: Props) {
  const [all, setAll] = useState(false);
  const event = (a ?? b)?.event;
  return (
    <section className="stepdiff" aria-label="Difference of the step" tabIndex={0}>
      <header>
        <h2>{event === undefined ? "" : what(event).name}</h2>
        <button type="button" className="button" aria-pressed={all} onClick={() => setAll(!all)}>
          Every line
        </button>
        <button
          type="button"
          className="button quiet icon"
          aria-label="Close"
          title="Close"
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      </header>
      <Diff title="Arguments" a={argumentsOf(a)} b={argumentsOf(b)} all={all} />
      <Diff title="Result" a={resultOf(a)} b={resultOf(b)} all={all} />
      <p className="soft">
        <Source name="The first run's event" step={a} /> <Source name="The second run's event" step={b} />
      </p>
    </section>
  );
}

function Source({ name, step }: { name: string; step: Step | null }) {
  if (step === null) return null;
  return (
    <Link to="/events/$id" params={{ id: (step.end ?? step.event).id }} search={{}}>
      {name}
    </Link>
  );
}

function argumentsOf(step: Step | null): string {
  if (step === null) return "";
  const { arguments: args, result: _, ...rest } = step.event.data;
  return toText(args ?? rest);
}

function resultOf(step: Step | null): string {
  if (step === null) return "";
  const told = step.end ?? step.event;
  if (told.error !== null) return told.error;
  const { arguments: _, ...rest } = told.data;
  return toText(rest.result ?? (step.end === null ? undefined : rest));
}

function toText(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(sorted(value), null, 2);
}

/** Members in one order, so that only what is otherwise shows. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, child]) => [key, sorted(child)]));
}

interface DiffProps {
  title: string;
  a: string;
  b: string;
  all: boolean;
}

function Diff({ title, a, b, all }: DiffProps) {
  const lines = useMemo(() => {
    const [left, right] = [a, b].map((text) => (text === "" ? [] : text.split("\n", LINES_MAX)));
    return align(left ?? [], right ?? [], (line) => line).map(([one, other], at) => ({ at, one, other }));
  }, [a, b]);
  if (lines.length === 0) return null;
  const isSame = lines.every(({ one, other }) => one !== null && other !== null);
  const near = new Set(
    lines.flatMap(({ at, one, other }) =>
      one !== null && other !== null
        ? []
        : Array.from({ length: 2 * SAME_AROUND + 1 }, (_, by) => at - SAME_AROUND + by),
    ),
  );
  const shown = all || isSame ? lines : lines.filter(({ at }) => near.has(at));
  return (
    <>
      <h3>
        {title}
        {isSame ? <small className="soft"> the same in both</small> : null}
      </h3>
      <table className="diff" aria-label={title}>
        <tbody>
          {shown.map(({ at, one, other }) => (
            <tr key={at}>
              <td className={other === null ? "gone" : ""}>{marked("−", one, other === null)}</td>
              <td className={one === null ? "come" : ""}>{marked("+", other, one === null)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** A sign tells what color tells too. */
function marked(sign: string, line: string | null, isAlone: boolean): string {
  return line === null ? "" : `${isAlone ? sign : " "} ${line}`;
}
