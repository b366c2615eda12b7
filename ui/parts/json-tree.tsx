import { type ReactNode, useState } from "react";
import type { JsonValue } from "../../src/base/json.ts";
import { CopyButton } from "./snippet.tsx";

const LONG = 400;
const CHILDREN_MAX = 200;
const OPEN_DEPTH = 2;

/** What can be done with a value; its path from the root. */
type Actions = (path: readonly string[], value: JsonValue) => ReactNode;

interface Props {
  value: JsonValue;
  /** Beside the copying that each node offers. */
  actions?: Actions;
}

export function JsonTree({ value, actions = () => null }: Props) {
  return (
    <div className="tree">
      <ul>
        <Node path={[]} value={value} actions={actions} />
      </ul>
    </div>
  );
}

function Node({ path, value, actions }: { path: readonly string[]; value: JsonValue; actions: Actions }) {
  const [open, setOpen] = useState(path.length < OPEN_DEPTH);
  const name = path.at(-1);
  if (typeof value !== "object" || value === null) {
    return (
      <li>
        {name === undefined ? null : <span className="key">{name}: </span>}
        <Leaf value={value} />
        <Picks path={path} value={value} actions={actions} />
      </li>
    );
  }
  const entries = Array.isArray(value)
    ? value.map((item, i) => [String(i), item] as const)
    : Object.entries(value);
  const children = <Children path={path} entries={entries} actions={actions} />;
  if (name === undefined)
    return <li>{entries.length === 0 ? <span className="size">empty</span> : children}</li>;
  return (
    <li>
      <button type="button" className="twist" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "▾" : "▸"} {name}{" "}
        <span className="size">{Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`}</span>
      </button>
      <Picks path={path} value={value} actions={actions} />
      {open ? children : null}
    </li>
  );
}

function Children({
  path,
  entries,
  actions,
}: {
  path: readonly string[];
  entries: ReadonlyArray<readonly [string, JsonValue]>;
  actions: Actions;
}) {
  const [all, setAll] = useState(false);
  const shown = all ? entries : entries.slice(0, CHILDREN_MAX);
  return (
    <ul>
      {shown.map(([key, child]) => (
        <Node key={key} path={[...path, key]} value={child} actions={actions} />
      ))}
      {entries.length > shown.length ? (
        <li>
          <button type="button" className="link" onClick={() => setAll(true)}>
            show all {entries.length}
          </button>
        </li>
      ) : null}
    </ul>
  );
}

function Picks({ path, value, actions }: { path: readonly string[]; value: JsonValue; actions: Actions }) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return (
    <span className="pick">
      {actions(path, value)}
      <CopyButton text={text} label="copy" name={`Copy ${path.join(".")}`} quiet />
    </span>
  );
}

function Leaf({ value }: { value: string | number | boolean | null }) {
  if (typeof value === "string") return <Text text={value} />;
  return <span className={typeof value === "number" ? "number" : "other"}>{String(value)}</span>;
}

/** A text, cut where it is long, with what was removed from it as badges. */
export function Text({ text }: { text: string }) {
  const [all, setAll] = useState(false);
  const shown = all || text.length <= LONG ? text : text.slice(0, LONG);
  let at = 0;
  const parts = shown.split(/(\[redacted:[a-z0-9_]+\])/).map((part) => {
    const key = at;
    at += part.length;
    return part.startsWith("[redacted:") && part.endsWith("]") ? (
      <span key={key} className="badge">
        {part.slice(1, -1)}
      </span>
    ) : (
      part
    );
  });
  return (
    <span className="string">
      {parts}
      {shown.length < text.length ? (
        <>
          {"… "}
          <button type="button" className="link" onClick={() => setAll(true)}>
            show all {text.length.toLocaleString()} characters
          </button>
        </>
      ) : null}
    </span>
  );
}
