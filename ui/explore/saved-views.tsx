import { type SubmitEvent, useState } from "react";
import { Menu } from "../parts/menu.tsx";
import { CopyButton } from "../parts/snippet.tsx";
import { readStored, writeStored } from "../parts/stored.ts";

/** A name for an address: its query, range, zone and columns. */
interface View {
  readonly name: string;
  /** What stands behind the `?`. */
  readonly search: string;
}

const KEY = "daybook.views";
const VIEWS_MAX = 100;
const NAME_CHARS = 60;

/** What another page or another version left there is read with care. */
function storedViews(): View[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readStored(KEY) ?? "[]");
  } catch {
    return [];
  }
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((view) =>
    typeof view?.name === "string" && typeof view?.search === "string"
      ? [{ name: view.name, search: view.search }]
      : [],
  );
}

interface Props {
  /** The view as it is now, as the part of the address behind the `?`. */
  current(): string;
  onOpen(search: string): void;
}

export function SavedViews({ current, onOpen }: Props) {
  const [views, setViews] = useState(storedViews);
  const [trouble, setTrouble] = useState("");
  const keep = (next: readonly View[]): void => {
    const isKept = writeStored(KEY, next.length === 0 ? null : JSON.stringify(next));
    setTrouble(isKept ? "" : "This browser does not let pages keep anything. Copy the link instead.");
    if (isKept) setViews([...next]);
  };
  const save = (submitted: SubmitEvent<HTMLFormElement>): void => {
    submitted.preventDefault();
    const name = String(new FormData(submitted.currentTarget).get("name") ?? "").trim();
    if (name === "") return;
    keep([{ name, search: current() }, ...views.filter((view) => view.name !== name)].slice(0, VIEWS_MAX));
    submitted.currentTarget.reset();
  };
  return (
    <Menu label="Views" name="Saved views">
      {(close) => (
        <>
          {views.length === 0 ? <p className="soft">None saved yet.</p> : null}
          <ul className="views">
            {views.map((view) => (
              <SavedView
                key={view.name}
                view={view}
                open={() => {
                  onOpen(view.search);
                  close();
                }}
                remove={() => keep(views.filter(({ name }) => name !== view.name))}
              />
            ))}
          </ul>
          <form className="between" onSubmit={save}>
            <label>
              Save what is shown as
              <input className="field" name="name" required maxLength={NAME_CHARS} autoComplete="off" />
            </label>
            <button type="submit" className="button primary">
              Save
            </button>
            <small className="soft">Kept in this browser. A link takes it to others.</small>
            {trouble === "" ? null : (
              <p className="bad" role="alert">
                {trouble}
              </p>
            )}
          </form>
        </>
      )}
    </Menu>
  );
}

function SavedView({ view: { name, search }, open, remove }: { view: View; open(): void; remove(): void }) {
  return (
    <li>
      <button type="button" className="open" onClick={open}>
        {name}
      </button>
      <CopyButton text={`${location.origin}/${search === "" ? "" : `?${search}`}`} label="Copy link" />
      <button type="button" className="button" aria-label={`Delete the view ${name}`} onClick={remove}>
        Delete
      </button>
    </li>
  );
}
