import type { ReactNode } from "react";
import type { WireEvent } from "../api/events.ts";
import { Icon } from "../design/icons.tsx";
import { duration, statusName, summaryOf, what } from "../feed/format.ts";
import type { Line } from "../feed/lines.ts";
import { Elapsed } from "../parts/elapsed.tsx";
import { Menu } from "../parts/menu.tsx";
import { readStored, writeStored } from "../parts/stored.ts";
import { Time } from "../parts/time.tsx";

export interface Column {
  readonly key: string;
  readonly title: string;
  /** As a track of a CSS grid. */
  readonly width: string;
  /** Left out where there is little room. */
  readonly isWide: boolean;
  readonly className: string;
  cell(line: Line): ReactNode;
}

const TEXT_WIDTH = "minmax(80px, 0.8fr)";

function plain(
  title: string,
  read: (event: WireEvent) => string | number | null,
  key: string = title.toLowerCase(),
): Column {
  return {
    key,
    title,
    width: TEXT_WIDTH,
    isWide: true,
    className: "who",
    cell: ({ event }) => read(event) ?? "",
  };
}

/** Every column that the list can have, in their order. */
export const COLUMNS: readonly Column[] = [
  {
    key: "time",
    title: "Time",
    width: "98px",
    isWide: false,
    className: "time",
    cell: ({ event }) => <Time at={event.occurred_at} />,
  },
  {
    key: "status",
    title: "Status",
    width: "86px",
    isWide: false,
    className: "statuscell",
    cell: ({ event }) => <StatusCell event={event} />,
  },
  {
    key: "what",
    title: "What",
    width: "minmax(110px, 1.1fr)",
    isWide: false,
    className: "what",
    cell: ({ event }) => <WhatCell event={event} />,
  },
  {
    key: "summary",
    title: "Summary",
    width: "minmax(120px, 2.4fr)",
    isWide: false,
    className: "summary",
    cell: ({ event }) => summaryOf(event),
  },
  plain("Agent", (event) => event.agent),
  { ...plain("Actor", (event) => event.actor_label ?? event.actor_id), width: "minmax(70px, 0.7fr)" },
  plain("Type", (event) => event.event_type),
  plain("Tool", (event) => event.tool),
  plain("Category", (event) => event.category),
  plain("Severity", (event) => event.severity),
  plain("App", (event) => event.app),
  plain("Origin", (event) => event.origin),
  plain("Source", (event) => event.source),
  plain("Destination", (event) => event.destination),
  plain("Resource", (event) => event.resource_id),
  plain("Environment", (event) => event.environment),
  plain("Model", (event) => event.model),
  plain("Run", (event) => event.run_id),
  plain("Thread", (event) => event.thread_id),
  plain("Cost", (event) => event.cost_usd),
  {
    key: "took",
    title: "Took",
    width: "66px",
    isWide: false,
    className: "number duration",
    cell: ({ event, isOpen }) =>
      isOpen ? <Elapsed since={event.occurred_at} /> : duration(event.duration_ms),
  },
  { ...plain("Seq", (event) => event.seq), width: "72px", className: "number" },
];
const DEFAULT = "time,status,what,summary,agent,actor,took,seq";
const KEY = "daybook.columns";

function StatusCell({ event }: { event: WireEvent }) {
  const { name, word } = statusName(event);
  return (
    <span className={`status ${name}`}>
      <Icon name={name} />
      {word}
    </span>
  );
}

function WhatCell({ event }: { event: WireEvent }) {
  const { name, detail } = what(event);
  return (
    <>
      {name}
      {detail === "" ? null : <small>{detail}</small>}
    </>
  );
}

/** The columns that the address names, else those that this browser remembers, else the usual ones. */
export function columnsOf(named: string | undefined): readonly Column[] {
  const keys = new Set((named ?? readStored(KEY) ?? DEFAULT).split(","));
  const found = COLUMNS.filter(({ key }) => keys.has(key));
  return found.length > 0 ? found : columnsOf(DEFAULT);
}

/** The tracks of the grid, with and without the columns that need room. */
export function tracksOf(columns: readonly Column[]): { all: string; narrow: string } {
  const narrow = columns.filter(({ isWide }) => !isWide);
  const join = (some: readonly Column[]): string => some.map(({ width }) => width).join(" ");
  return { all: join(columns), narrow: narrow.length === 0 ? "minmax(0, 1fr)" : join(narrow) };
}

interface Props {
  columns: readonly Column[];
  onChange(named: string | undefined): void;
}

export function ColumnsMenu({ columns, onChange }: Props) {
  const change = (keys: ReadonlySet<string>): void => {
    const named = COLUMNS.filter(({ key }) => keys.has(key))
      .map(({ key }) => key)
      .join(",");
    if (named === "") return;
    writeStored(KEY, named === DEFAULT ? null : named);
    onChange(named === DEFAULT ? undefined : named);
  };
  const shown = new Set(columns.map(({ key }) => key));
  return (
    <Menu label="Columns" name="Columns">
      {() => (
        <>
          <ul className="choices two">
            {COLUMNS.map(({ key, title }) => (
              <li key={key}>
                <label>
                  <input
                    type="checkbox"
                    checked={shown.has(key)}
                    onChange={({ target }) =>
                      change(
                        new Set([...shown].filter((one) => one !== key).concat(target.checked ? key : [])),
                      )
                    }
                  />
                  {title}
                </label>
              </li>
            ))}
          </ul>
          <button type="button" className="button" onClick={() => change(new Set(DEFAULT.split(",")))}>
            The usual ones
          </button>
        </>
      )}
    </Menu>
  );
}
