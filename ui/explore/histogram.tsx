import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, type PointerEvent, useMemo, useRef, useState } from "react";
import { get } from "../api/events.ts";
import { duration, shortTime } from "../feed/format.ts";
import { Time } from "../parts/time.tsx";
import { useZone, type Zone } from "../parts/zone.ts";
import type { Bounds, Range } from "./range.ts";

const LOOK_AGAIN_MS = 10_000;
const STACK = ["error", "denied", "pending"] as const;
/** Moved further than this, a press is a drag. */
const DRAG_PX = 5;

interface Bar {
  at: string;
  events: number;
  statuses: Readonly<Record<string, number>>;
}

interface Found {
  data: readonly Bar[];
  meta: { since: string; until: string; step_seconds: number; counted_since: string };
}

interface Slot {
  readonly from: string;
  readonly to: string;
  readonly bar: Bar | undefined;
}

interface Props {
  /** The filters of the list, without its time range. */
  filters: string;
  bounds: Bounds;
  onZoom(range: Range): void;
}

/** How many events there were when, by status; a bar leads to its time, and a drag to that of several. */
export function Histogram({ filters, bounds, onZoom }: Props) {
  const params = new URLSearchParams(filters);
  for (const [name, value] of Object.entries(bounds)) params.set(name, value);
  const asked = params.toString();
  const { data, error } = useQuery({
    queryKey: ["histogram", asked],
    queryFn: async () => (await get(`/api/v1/histogram?${asked}`)) as Found,
    refetchInterval: LOOK_AGAIN_MS,
    placeholderData: (before) => before,
  });
  if (error !== null) return null;
  return data === undefined ? <Placeholder /> : <Bars found={data} onZoom={onZoom} />;
}

/** Its room, so that the list below does not jump. */
function Placeholder() {
  return (
    <figure className="overtime" aria-busy="true">
      <div className="plot" />
      <figcaption className="soft">Loading …</figcaption>
    </figure>
  );
}

function slotsOf({ data, meta }: Found): Slot[] {
  const step = meta.step_seconds * 1_000;
  const byTime = new Map(data.map((bar) => [Date.parse(bar.at), bar]));
  const slots: Slot[] = [];
  for (let at = Date.parse(meta.since); at < Date.parse(meta.until); at += step) {
    const [from, to] = [new Date(at).toISOString(), new Date(at + step).toISOString()];
    slots.push({ from, to, bar: byTime.get(at) });
  }
  return slots;
}

function Bars({ found, onZoom }: { found: Found; onZoom(range: Range): void }) {
  const slots = useMemo(() => slotsOf(found), [found]);
  const highest = Math.max(1, ...found.data.map(({ events }) => events));
  const { chosen, focus, handlers } = useBrush(slots, onZoom);
  const zone = useZone();
  return (
    <figure className="overtime">
      <div className="plot" role="toolbar" aria-label="Events over time" {...handlers}>
        {slots.map((slot, at) => (
          <Link
            key={slot.from}
            from="/"
            to="/"
            search={(old) => ({ ...keptOf(old), from: slot.from, to: slot.to })}
            className={chosen !== null && at >= chosen[0] && at <= chosen[1] ? "slot chosen" : "slot"}
            tabIndex={at === focus ? 0 : -1}
            draggable={false}
            data-slot={at}
            aria-label={describe(slot, zone)}
            title={describe(slot, zone)}
          >
            <Stack bar={slot.bar} highest={highest} />
          </Link>
        ))}
      </div>
      <Caption found={found} highest={highest} />
    </figure>
  );
}

interface Kept {
  q?: string | undefined;
  event?: string | undefined;
  cols?: string | undefined;
  join?: string | undefined;
  tz?: Zone | undefined;
}

/** What another time leaves as it is; other pages have other parts of the address. */
function keptOf({ q, event, cols, join, tz }: Kept): Kept {
  return { q, event, cols, join, tz };
}

function Stack({ bar, highest }: { bar: Bar | undefined; highest: number }) {
  if (bar === undefined) return null;
  const shares = STACK.map((status) => [status, bar.statuses[status] ?? 0] as const);
  const rest = bar.events - shares.reduce((sum, [, count]) => sum + count, 0);
  return [...shares, ["ok", rest] as const].map(([status, count]) =>
    count === 0 ? null : (
      <i key={status} className={status} style={{ height: `${(count / highest) * 100}%` }} />
    ),
  );
}

function describe({ from, to, bar }: Slot, zone: "local" | "utc"): string {
  const time = `${shortTime(from, zone)} to ${shortTime(to, zone)}`;
  if (bar === undefined) return `${time}: no events`;
  const named = STACK.filter((status) => (bar.statuses[status] ?? 0) > 0).map(
    (status) => `, ${bar.statuses[status]?.toLocaleString()} ${status}`,
  );
  return `${time}: ${bar.events.toLocaleString()} ${bar.events === 1 ? "event" : "events"}${named.join("")}`;
}

function Caption({ found: { data, meta }, highest }: { found: Found; highest: number }) {
  const all = data.reduce((sum, { events }) => sum + events, 0);
  const isShort = meta.counted_since > meta.since;
  return (
    <figcaption className="soft">
      <Time at={meta.since} />
      <span>
        {all.toLocaleString()} {all === 1 ? "event" : "events"}
        {isShort ? (
          <>
            {" "}
            counted since <Time at={meta.counted_since} />
          </>
        ) : null}
        , {all === 0 ? 0 : highest.toLocaleString()} at most in{" "}
        {duration(meta.step_seconds * 1_000).replace(/\.0+ s$/, " s")}
      </span>
      <Time at={meta.until} />
    </figcaption>
  );
}

type Chosen = readonly [low: number, high: number];

/** Choosing several bars: by dragging over them, or with Shift and the arrows. */
function useBrush(slots: readonly Slot[], onZoom: (range: Range) => void) {
  const [focus, setFocus] = useState(slots.length - 1);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const press = useRef<{ at: number; x: number; dragged: boolean } | null>(null);
  const anchor = useRef<number | null>(null);
  const zoom = ([low, high]: Chosen): void => {
    setChosen(null);
    anchor.current = null;
    onZoom({ from: slots[low]?.from ?? "", to: slots[high]?.to ?? "" });
  };
  const handlers = {
    onPointerDown: (pressed: PointerEvent<HTMLDivElement>): void => {
      const at = slotAt(pressed.currentTarget, pressed.clientX, slots.length);
      if (pressed.button === 0) press.current = { at, x: pressed.clientX, dragged: false };
    },
    onPointerMove: (moved: PointerEvent<HTMLDivElement>): void => {
      const begun = press.current;
      if (begun === null || (!begun.dragged && Math.abs(moved.clientX - begun.x) < DRAG_PX)) return;
      if (!begun.dragged) moved.currentTarget.setPointerCapture(moved.pointerId);
      begun.dragged = true;
      setChosen(between(begun.at, slotAt(moved.currentTarget, moved.clientX, slots.length)));
    },
    onPointerUp: (): void => {
      if (press.current?.dragged === true && chosen !== null) zoom(chosen);
      else press.current = null;
    },
    onPointerCancel: (): void => {
      press.current = null;
      setChosen(null);
    },
    onClickCapture: (clicked: { preventDefault(): void; stopPropagation(): void }): void => {
      // The click that ends a drag is no click on a bar.
      if (press.current?.dragged === true) {
        clicked.preventDefault();
        clicked.stopPropagation();
      }
      press.current = null;
    },
    onDoubleClick: (): void => onZoom({}),
    onKeyDown: (pressed: KeyboardEvent<HTMLDivElement>): void => {
      const to = target(pressed.key, focus, slots.length);
      if (to !== undefined) {
        anchor.current = pressed.shiftKey ? (anchor.current ?? focus) : null;
        setChosen(anchor.current === null ? null : between(anchor.current, to));
        setFocus(to);
        pressed.currentTarget.querySelector<HTMLElement>(`[data-slot="${to}"]`)?.focus();
      } else if (pressed.key === "Enter" && chosen !== null) zoom(chosen);
      else if (pressed.key === "Backspace") onZoom({});
      else if (pressed.key === "Escape" && chosen !== null) setChosen(null);
      else return;
      pressed.preventDefault();
      pressed.stopPropagation();
    },
  };
  return { chosen, focus: Math.min(Math.max(focus, 0), slots.length - 1), handlers };
}

function between(a: number, b: number): Chosen {
  return [Math.min(a, b), Math.max(a, b)];
}

function target(key: string, from: number, count: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: from - 1,
    ArrowRight: from + 1,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined ? undefined : Math.min(Math.max(to, 0), count - 1);
}

function slotAt(plot: HTMLElement, x: number, count: number): number {
  const { left, width } = plot.getBoundingClientRect();
  return Math.min(Math.max(Math.floor(((x - left) / width) * count), 0), count - 1);
}
