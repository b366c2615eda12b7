import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type SubmitEvent, useState } from "react";
import { fetchPolicy, type Policy, type Pruned, prune, savePolicy } from "../api/admin.ts";
import { fromInput } from "../explore/range.ts";
import { useAction } from "../parts/action.ts";
import { Confirm } from "../parts/confirm.tsx";
import { State } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { useZone } from "../parts/zone.ts";

const PRESETS = ["", "pci-dss", "hipaa", "sec-17a-4", "sox"];

export function Retention({ mayChange }: { mayChange: boolean }) {
  const { data, error } = useQuery({ queryKey: ["retention"], queryFn: fetchPolicy });
  return (
    <section className="panel" aria-label="Retention" tabIndex={0}>
      <h2>Retention</h2>
      {data === undefined ? (
        <State error={error}>Loading …</State>
      ) : (
        <PolicyForm policy={data} mayChange={mayChange} />
      )}
      {mayChange ? <Prune /> : null}
    </section>
  );
}

/** `tool_call 90`, a line each. */
function toLines(categories: Policy["categories"]): string {
  return Object.entries(categories ?? {})
    .map(([category, days]) => `${category} ${days}`)
    .join("\n");
}

function readLines(text: string): Record<string, number> {
  const entries = text.split("\n").flatMap((line) => {
    if (line.trim() === "") return [];
    const [, category, days] = /^\s*(\S+)\s+(\d+)\s*$/.exec(line) ?? [];
    if (category === undefined) throw new Error(`"${line.trim()}" is not a category and a number of days.`);
    return [[category, Number(days)] as const];
  });
  return Object.fromEntries(entries);
}

function PolicyForm({ policy, mayChange }: { policy: Policy; mayChange: boolean }) {
  const queries = useQueryClient();
  const { trouble, run } = useAction();
  const submit = (submitted: SubmitEvent<HTMLFormElement>): void => {
    submitted.preventDefault();
    const fields = new FormData(submitted.currentTarget);
    const preset = String(fields.get("preset") ?? "");
    void run(async () => {
      await savePolicy({
        days: Number(fields.get("days")),
        categories: readLines(String(fields.get("categories") ?? "")),
        preset: preset === "" ? null : preset,
      });
      await queries.invalidateQueries({ queryKey: ["retention"] });
    });
  };
  return (
    <form className="form inline" aria-label="Policy" onSubmit={submit}>
      <label>
        Days to keep, 0 for ever
        <input
          className="field"
          name="days"
          type="number"
          min={0}
          required
          defaultValue={policy.days}
          disabled={!mayChange}
        />
      </label>
      <label>
        At least what this asks for
        <select className="field" name="preset" defaultValue={policy.preset ?? ""} disabled={!mayChange}>
          {PRESETS.map((preset) => (
            <option key={preset} value={preset}>
              {preset === "" ? "nothing" : preset}
            </option>
          ))}
        </select>
      </label>
      <label>
        Other categories, with their days
        <textarea
          className="field mono"
          name="categories"
          rows={2}
          placeholder="llm 30"
          defaultValue={toLines(policy.categories)}
          disabled={!mayChange}
        />
      </label>
      {mayChange ? (
        <button type="submit" className="button primary">
          Save the policy
        </button>
      ) : null}
      {trouble === "" ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
    </form>
  );
}

/** Counts first; what was counted may then be removed. */
function Prune() {
  const zone = useZone();
  const { trouble, run } = useAction();
  const [counted, setCounted] = useState<{ order: object; found: Pruned } | null>(null);
  const [done, setDone] = useState<Pruned | null>(null);
  const count = (submitted: SubmitEvent<HTMLFormElement>): void => {
    submitted.preventDefault();
    const fields = new FormData(submitted.currentTarget);
    const category = String(fields.get("category") ?? "").trim();
    const before = fromInput(String(fields.get("before") ?? ""), zone);
    const order = { before, ...(category === "" ? {} : { category }) };
    setDone(null);
    void run(async () => setCounted({ order, found: await prune({ ...order, dry_run: true }) }));
  };
  return (
    <form
      className="form inline"
      aria-label="Remove by age"
      onSubmit={count}
      onChange={() => setCounted(null)}
    >
      <label>
        Remove what happened before
        <input className="field" type="datetime-local" name="before" required />
      </label>
      <label>
        Only of the category
        <input className="field" name="category" placeholder="every one" autoComplete="off" />
      </label>
      <button type="submit" className="button">
        Count what would go
      </button>
      <div role="status">
        {counted === null ? null : (
          <p>
            {counted.found.removed.toLocaleString()} events would go, {counted.found.held.toLocaleString()}{" "}
            are held.{" "}
            {counted.found.removed === 0 ? null : (
              <Confirm
                label="Remove them"
                sure="Remove them for good"
                name=""
                act={() =>
                  run(async () => {
                    setDone(await prune({ ...counted.order, dry_run: false }));
                    setCounted(null);
                  })
                }
              />
            )}
          </p>
        )}
        {done === null ? null : <Receipt done={done} />}
      </div>
      {trouble === "" ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
    </form>
  );
}

function Receipt({ done }: { done: Pruned }) {
  return (
    <p>
      {done.removed.toLocaleString()} events from before <Time at={done.cutoff} /> are gone.{" "}
      {done.receipt_id === null ? null : (
        <Link to="/events/$id" params={{ id: done.receipt_id }} search={{}}>
          The receipt
        </Link>
      )}
    </p>
  );
}
