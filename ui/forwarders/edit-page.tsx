import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { send } from "../api/events.ts";
import {
  type Forwarder,
  type ForwarderType,
  fetchForwarder,
  fetchForwarderTypes,
  forwarderPath,
  saveForwarder,
} from "../api/forwarding.ts";
import { State } from "../parts/states.tsx";
import { forwarderRoute } from "../router.tsx";
import { type Draft, idOf, newDraft, toAttributes, toDraft } from "./draft.ts";
import { Destination, Rules } from "./fields.tsx";
import { Preview } from "./preview.tsx";

export function NewForwarderPage() {
  const { data: types, error } = useTypes();
  return (
    <Frame title="Add a forwarder">
      {types === undefined ? <State error={error}>Loading …</State> : <Form types={types} forwarder={null} />}
    </Frame>
  );
}

export function EditForwarderPage() {
  const { id } = forwarderRoute.useParams();
  const { data: types, error } = useTypes();
  const forwarder = useQuery({ queryKey: ["forwarder", id], queryFn: () => fetchForwarder(id) });
  return (
    <Frame title={forwarder.data?.attributes.name ?? id}>
      {types === undefined || forwarder.data === undefined ? (
        <State error={error ?? forwarder.error}>Loading …</State>
      ) : (
        <Form types={types} forwarder={forwarder.data} />
      )}
    </Frame>
  );
}

function useTypes() {
  return useQuery({ queryKey: ["forwarder-types"], queryFn: fetchForwarderTypes });
}

function Frame({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <div className="page scrolls">
      <header className="pagehead">
        <Link to="/forwarders" search={{}}>
          Forwarders
        </Link>
        <h1>{title}</h1>
      </header>
      {children}
    </div>
  );
}

interface FormProps {
  types: readonly ForwarderType[];
  /** Null for a new one. */
  forwarder: Forwarder | null;
}

function Form({ types, forwarder }: FormProps) {
  const [draft, setDraft] = useState(() =>
    forwarder === null
      ? newDraft(types.find(({ id }) => id === "http") ?? (types[0] as ForwarderType))
      : toDraft(forwarder),
  );
  const type = types.find(({ id }) => id === draft.type);
  if (type === undefined) return <State error={new Error(`There is no type ${draft.type}.`)}>{""}</State>;
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part });
  return (
    <div className="formpage">
      <form
        className="form"
        aria-label="Forwarder"
        onSubmit={(submitted) => submitted.preventDefault()}
        autoComplete="off"
      >
        <label>
          Name
          <input
            className="field"
            required
            value={draft.name}
            onChange={(e) => change({ name: e.target.value })}
          />
        </label>
        <label>
          Type
          <select
            className="field"
            value={draft.type}
            disabled={forwarder !== null}
            onChange={(e) => {
              const next = types.find(({ id }) => id === e.target.value) ?? type;
              const { name, id, environments, filter, transform } = draft;
              setDraft({ ...newDraft(next), name, id, environments, filter, transform });
            }}
          >
            {types.map(({ id, attributes }) => (
              <option key={id} value={id}>
                {attributes.name}
              </option>
            ))}
          </select>
        </label>
        <Destination draft={draft} type={type} isNew={forwarder === null} setDraft={setDraft} />
        <Rules draft={draft} type={type} change={change} />
        <Save draft={draft} type={type} forwarder={forwarder} />
      </form>
      <Preview draft={draft} type={type} />
    </div>
  );
}

interface SaveProps {
  draft: Draft;
  type: ForwarderType;
  forwarder: Forwarder | null;
}

function Save({ draft, type, forwarder }: SaveProps) {
  const navigate = useNavigate();
  const [trouble, setTrouble] = useState("");
  const [isSure, setSure] = useState(false);
  const act = async (what: () => Promise<unknown>): Promise<void> => {
    try {
      await what();
      void navigate({ to: "/forwarders", search: {} });
    } catch (thrown) {
      setTrouble(thrown instanceof Error ? thrown.message : String(thrown));
    }
  };
  const save = (): Promise<void> =>
    act(async () => {
      const id = forwarder?.id ?? idOf(draft.name);
      await saveForwarder(id, toAttributes(draft, type), forwarder === null);
    });
  return (
    <>
      {trouble === "" ? null : (
        <p className="failure" role="alert">
          {trouble}
        </p>
      )}
      <p className="actions">
        <button type="submit" className="button primary" onClick={() => void save()}>
          {forwarder === null ? "Add it" : "Save"}
        </button>
        {forwarder === null ? null : (
          <button
            type="button"
            className="button"
            onClick={() =>
              isSure ? void act(() => send("DELETE", forwarderPath(forwarder.id))) : setSure(true)
            }
          >
            {isSure ? "Really delete: its place in the log is forgotten" : "Delete"}
          </button>
        )}
      </p>
    </>
  );
}
