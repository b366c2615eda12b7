import { type KeyboardEvent, type Ref, useEffect, useId, useState } from "react";
import type { WireEvent } from "../api/events.ts";
import { Icon } from "../design/icons.tsx";
import { KEYS, KNOWN_VALUES, parseQuery, type QueryText } from "./query-text.ts";

const OPTIONS_MAX = 12;
const SEEN_ROWS = 500;

interface Props {
  ref: Ref<HTMLInputElement>;
  /** The query that is in the address. */
  text: string;
  problem: QueryText["problem"];
  events: readonly WireEvent[];
  onSubmit(text: string): void;
}

interface Option {
  insert: string;
  hint: string;
}

export function QueryBar({ ref, text, problem, events, onSubmit }: Props) {
  const [draft, setDraft] = useState(text);
  const [active, setActive] = useState(-1);
  const [open, setOpen] = useState(false);
  const listId = useId();
  useEffect(() => setDraft(text), [text]);

  const options = open ? optionsFor(draft, events) : [];
  const shown = draft === text ? problem : parseQuery(draft).problem;
  const wrong = open && options.length > 0 ? null : shown;

  const submit = (value: string): void => {
    setOpen(false);
    setActive(-1);
    setDraft(value);
    if (parseQuery(value).problem === null) onSubmit(value.trim());
  };
  const choose = (option: Option): void => {
    const value = draft.replace(/\S*$/, option.insert);
    setActive(-1);
    if (option.insert.endsWith(":")) setDraft(value);
    else submit(value);
  };
  const onKeyDown = (pressed: KeyboardEvent<HTMLInputElement>): void => {
    if (pressed.key === "ArrowDown" && options.length > 0) setActive((active + 1) % options.length);
    else if (pressed.key === "ArrowUp" && options.length > 0)
      setActive((active - 1 + options.length) % options.length);
    else if (pressed.key === "Escape") {
      if (open && options.length > 0) setOpen(false);
      else pressed.currentTarget.blur();
    } else if (pressed.key === "Enter" || (pressed.key === "Tab" && active >= 0)) {
      const option = options[active];
      if (option !== undefined) choose(option);
      else submit(draft);
    } else return;
    pressed.preventDefault();
  };
  return (
    <div className="querybox">
      <Icon name="search" />
      <input
        ref={ref}
        type="text"
        role="combobox"
        aria-label="Filter events"
        aria-expanded={options.length > 0}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={active >= 0 ? `${listId}-${active}` : undefined}
        aria-invalid={wrong !== null}
        spellCheck={false}
        autoComplete="off"
        placeholder='status:denied  tool:Read  -app:ci  "free text"'
        value={draft}
        onChange={(changed) => {
          setDraft(changed.target.value);
          setActive(-1);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      <kbd title="Press / to filter">/</kbd>
      <Completions id={listId} options={options} active={active} choose={choose} />
      <Wrong problem={wrong} />
    </div>
  );
}

function Wrong({ problem }: { problem: QueryText["problem"] }) {
  if (problem === null) return null;
  return (
    <p className="wrong" role="alert">
      {problem.message}
    </p>
  );
}

interface CompletionsProps {
  id: string;
  options: readonly Option[];
  active: number;
  choose(option: Option): void;
}

function Completions({ id, options, active, choose }: CompletionsProps) {
  return (
    <div
      className="options"
      id={id}
      role="listbox"
      aria-label="Completions"
      tabIndex={-1}
      hidden={options.length === 0}
    >
      {options.map((option, index) => (
        <div
          key={option.insert}
          id={`${id}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === active}
          onMouseDown={(pressed) => {
            pressed.preventDefault();
            choose(option);
          }}
        >
          {option.insert}
          <span className="hint">{option.hint}</span>
        </div>
      ))}
    </div>
  );
}

/** Keys for a word, values for a word behind `key:`: known ones, and those of the rows that are loaded. */
function optionsFor(draft: string, events: readonly WireEvent[]): Option[] {
  const word = /\S*$/.exec(draft)?.[0] ?? "";
  const [, minus = "", key, value = ""] = /^(-?)([a-z_]+):(.*)$/.exec(word) ?? [];
  if (key === undefined) {
    const plain = word.replace(/^-/, "");
    if (plain === "" && word === "" && draft !== "") return [];
    return Object.keys(KEYS)
      .filter((known) => known.startsWith(plain))
      .slice(0, OPTIONS_MAX)
      .map((known) => ({ insert: `${word.startsWith("-") ? "-" : ""}${known}:`, hint: "key" }));
  }
  const name = KEYS[key];
  if (name === undefined) return [];
  const counts = new Map<string, number>((KNOWN_VALUES[key] ?? []).map((known) => [known, 0]));
  for (const event of events.slice(0, SEEN_ROWS)) {
    const seen = (event as unknown as Record<string, unknown>)[name === "resource" ? "resource_id" : name];
    if (typeof seen === "string") counts.set(seen, (counts.get(seen) ?? 0) + 1);
  }
  return [...counts]
    .filter(([seen]) => seen.toLowerCase().startsWith(value.toLowerCase()) && seen !== value)
    .sort((a, b) => b[1] - a[1])
    .slice(0, OPTIONS_MAX)
    .map(([seen, count]) => ({
      insert: `${minus}${key}:${/[\s"]/.test(seen) ? JSON.stringify(seen) : seen}`,
      hint: count > 0 ? `${count} loaded` : "",
    }));
}
