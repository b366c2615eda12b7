import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { SubmitEvent } from "react";
import { createHold, fetchHolds, type Hold, remove } from "../api/admin.ts";
import { useAction } from "../parts/action.ts";
import { Confirm } from "../parts/confirm.tsx";
import { State } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";

export function Holds({ mayChange }: { mayChange: boolean }) {
  const queries = useQueryClient();
  const { data, error } = useQuery({ queryKey: ["holds"], queryFn: fetchHolds });
  const { trouble, run } = useAction();
  const change = (what: () => Promise<unknown>): Promise<void> =>
    run(async () => {
      await what();
      await queries.invalidateQueries({ queryKey: ["holds"] });
    });
  return (
    <section className="panel" aria-label="Legal holds" tabIndex={0}>
      <h2>Legal holds</h2>
      {data === undefined ? (
        <State error={error}>Loading …</State>
      ) : data.length === 0 ? (
        <p className="soft">Nothing is held.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Hold</th>
              <th>Reason</th>
              <th>Events</th>
              <th>Since</th>
              <th>
                <span className="visually-hidden">What to do</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {data.map((hold) => (
              <Row
                key={hold.id}
                hold={hold}
                release={mayChange ? () => change(() => remove("holds", hold.id)) : null}
              />
            ))}
          </tbody>
        </table>
      )}
      {mayChange ? <Create create={(hold) => change(() => createHold(hold))} /> : null}
      {trouble === "" ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
    </section>
  );
}

function Row({ hold, release }: { hold: Hold; release: (() => Promise<void>) | null }) {
  const filter = JSON.stringify(hold.filter);
  return (
    <tr>
      <td>{hold.id}</td>
      <td className="wide">{hold.reason}</td>
      <td className="mono">{filter === "{}" ? "all" : filter}</td>
      <td className="mono">
        <Time at={hold.created_at} />
      </td>
      <td>
        {release === null ? null : (
          <Confirm label="Release" sure="Really release" name={hold.id} act={release} />
        )}
      </td>
    </tr>
  );
}

function Create({ create }: { create(hold: object): Promise<void> }) {
  const { trouble, run } = useAction();
  const submit = (submitted: SubmitEvent<HTMLFormElement>): void => {
    submitted.preventDefault();
    const form = submitted.currentTarget;
    const fields = new FormData(form);
    const text = String(fields.get("filter") ?? "").trim();
    void run(async () => {
      const filter = text === "" ? {} : (JSON.parse(text) as object);
      await create({ id: fields.get("id"), reason: fields.get("reason"), filter });
      form.reset();
    });
  };
  return (
    <form className="form inline" aria-label="Hold events" onSubmit={submit}>
      <label>
        Name of the hold
        <input className="field" name="id" required autoComplete="off" />
      </label>
      <label>
        Reason
        <input className="field" name="reason" autoComplete="off" />
      </label>
      <label>
        Events, as a filter; empty: all
        <input className="field mono" name="filter" placeholder='{"runId":"run-7"}' autoComplete="off" />
      </label>
      <button type="submit" className="button primary">
        Hold
      </button>
      {trouble === "" ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
    </form>
  );
}
