import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { type ApiKey, createKey, fetchKeys, type Me, remove } from "../api/admin.ts";
import { keepKey, useApiKey } from "../api/key.ts";
import { useAction } from "../parts/action.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Snippet } from "../parts/snippet.tsx";
import { State } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";

const ROLES = {
  writer: "writer: records events",
  reader: "reader: reads events and views",
  auditor: "auditor: reads, and sees who read what, keys and policies",
  admin: "admin: everything",
} as const;

export function Keys({ me }: { me: Me }) {
  const queries = useQueryClient();
  const { data, error } = useQuery({ queryKey: ["keys"], queryFn: fetchKeys });
  const [made, setMade] = useState<ApiKey | null>(null);
  const { trouble, run } = useAction();
  const again = (): Promise<void> => queries.invalidateQueries();
  const revoke = (id: string): Promise<void> =>
    run(async () => {
      await remove("keys", id);
      await again();
    });
  return (
    <section className="panel" aria-label="API keys" tabIndex={0}>
      <h2>API keys</h2>
      {data === undefined ? (
        <State error={error}>Loading …</State>
      ) : data.length === 0 ? (
        <p className="soft">There are none.</p>
      ) : (
        <KeyTable keys={data} me={me} revoke={revoke} />
      )}
      {trouble === "" ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
      {made === null ? null : <Made made={made} />}
      {me.role === "admin" ? (
        <Create
          onMade={(key) => {
            setMade(key);
            void again();
          }}
        />
      ) : null}
    </section>
  );
}

interface TableProps {
  keys: readonly ApiKey[];
  me: Me;
  revoke(id: string): Promise<void>;
}

function KeyTable({ keys, me, revoke }: TableProps) {
  return (
    <table>
      <thead>
        <tr>
          <th>Name</th>
          <th>Role</th>
          <th>Reaches</th>
          <th>Made</th>
          <th>
            <span className="visually-hidden">What to do</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {keys.map(({ id, attributes: key }) => (
          <tr key={id}>
            <td className="wide">
              {key.name}
              {id === me.key_id ? <span className="soft"> (yours)</span> : null}
            </td>
            <td>{key.role}</td>
            <td>
              {key.tenant ?? "every tenant"}
              {key.environments === null ? "" : `: ${key.environments.join(", ")}`}
            </td>
            <td className="mono">
              <Time at={key.created_at} />
            </td>
            <td>
              {me.role === "admin" ? (
                <Confirm label="Revoke" sure="Really revoke" name={key.name} act={() => revoke(id)} />
              ) : null}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Made({ made: { attributes } }: { made: ApiKey }) {
  return (
    <div className="made" role="status">
      <p>
        The secret of <b>{attributes.name}</b>. It is shown this once; Daybook keeps only its hash.
      </p>
      <Snippet text={attributes.secret ?? ""} />
    </div>
  );
}

function Create({ onMade }: { onMade(key: ApiKey): void }) {
  const { key: own } = useApiKey();
  const { trouble, run } = useAction();
  const submit = (submitted: SubmitEvent<HTMLFormElement>): void => {
    submitted.preventDefault();
    const form = submitted.currentTarget;
    const read = (name: string): string => String(new FormData(form).get(name) ?? "").trim();
    const environments = read("environments")
      .split(",")
      .flatMap((text) => text.trim() || []);
    void run(async () => {
      const made = await createKey({
        name: read("name"),
        role: read("role"),
        ...(read("tenant") === "" ? {} : { tenant: read("tenant") }),
        ...(environments.length === 0 ? {} : { environments }),
      });
      // The first key closes an open server; whoever made it must not be outside.
      if (own === null && made.attributes.role === "admin") keepKey(made.attributes.secret ?? null);
      form.reset();
      onMade(made);
    });
  };
  return (
    <form className="form inline" aria-label="Make a key" onSubmit={submit}>
      <label>
        Name
        <input className="field" name="name" required maxLength={200} autoComplete="off" />
      </label>
      <label>
        Role
        <select className="field" name="role" defaultValue="admin">
          {Object.entries(ROLES).map(([role, words]) => (
            <option key={role} value={role}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <label>
        Tenant
        <input className="field" name="tenant" placeholder="every one" autoComplete="off" />
      </label>
      <label>
        Environments
        <input className="field" name="environments" placeholder="every one" autoComplete="off" />
      </label>
      <button type="submit" className="button primary">
        Make a key
      </button>
      {trouble === "" ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
    </form>
  );
}
