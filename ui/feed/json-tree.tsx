import { useState } from "react";
import type { JsonValue } from "../../src/base/json.ts";

const LONG = 400;
const CHILDREN_MAX = 200;
const OPEN_DEPTH = 2;

export function JsonTree({ value }: { value: JsonValue }) {
  return (
    <div className="tree">
      <ul>
        <Node name={null} value={value} depth={0} />
      </ul>
    </div>
  );
}

function Node({ name, value, depth }: { name: string | null; value: JsonValue; depth: number }) {
  const [open, setOpen] = useState(depth < OPEN_DEPTH);
  const [all, setAll] = useState(false);
  const label = name === null ? null : <span className="key">{name}: </span>;
  if (typeof value !== "object" || value === null) {
    return (
      <li>
        {label}
        <Leaf value={value} />
      </li>
    );
  }
  const entries = Array.isArray(value)
    ? value.map((item, i) => [String(i), item] as const)
    : Object.entries(value);
  const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  const children = all ? entries : entries.slice(0, CHILDREN_MAX);
  const list = (
    <ul>
      {children.map(([key, child]) => (
        <Node key={key} name={key} value={child} depth={depth + 1} />
      ))}
      {entries.length > children.length ? (
        <li>
          <button type="button" className="link" onClick={() => setAll(true)}>
            show all {entries.length}
          </button>
        </li>
      ) : null}
    </ul>
  );
  if (name === null) return <li>{entries.length === 0 ? <span className="size">empty</span> : list}</li>;
  return (
    <li>
      <button type="button" className="twist" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "▾" : "▸"} {name} <span className="size">{size}</span>
      </button>
      {open ? list : null}
    </li>
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
