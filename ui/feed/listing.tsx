import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, memo, useEffect, useRef, useState } from "react";
import { type Column, tracksOf } from "../explore/columns.tsx";
import type { FeedState, FeedStore } from "./feed-store.ts";
import type { Line } from "./lines.ts";

const NARROW = "(max-width: 620px)";
/** Scrolled further than this, the list stands still. */
const TOP_PX = 24;

interface Props {
  store: FeedStore;
  state: FeedState;
  lines: readonly Line[];
  columns: readonly Column[];
  openId: string | undefined;
  onOpen(id: string): void;
}

export function Listing(props: Props) {
  const rowHeight = useNarrow() ? 56 : 34;
  // Another height is another list: the rows are measured anew.
  return <Rows key={rowHeight} rowHeight={rowHeight} {...props} />;
}

function Rows({ store, state, lines, columns, openId, onOpen, rowHeight }: Props & { rowHeight: number }) {
  const scroller = useRef<HTMLElement>(null);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    getItemKey: (index) => lines[index]?.key ?? index,
  });
  const items = rows.getVirtualItems();
  const nearEnd = lines.length > 0 && (items.at(-1)?.index ?? 0) >= lines.length - 20;
  const mayLoad = nearEnd && state.hasOlder && !state.loadingOlder && state.scan === null;
  useEffect(() => {
    if (mayLoad) void store.loadOlder();
  }, [mayLoad, store]);

  const openIndex = lines.findIndex((line) => isOf(line, openId));
  useEffect(() => {
    if (openIndex >= 0) rows.scrollToIndex(openIndex, { align: "auto" });
  }, [openIndex, rows]);

  const toTop = (): void => {
    scroller.current?.scrollTo({ top: 0 });
    store.resume(true);
  };
  const isLoading = state.loading && lines.length === 0;
  return (
    <>
      <Columns columns={columns} />
      {state.waiting > 0 ? (
        <button type="button" className="pill" onClick={toTop}>
          +{state.waiting.toLocaleString()} new
        </button>
      ) : null}
      <section
        ref={scroller}
        className="scroller"
        aria-label="Events, newest first"
        tabIndex={0}
        onScroll={(scrolled) => {
          if (scrolled.currentTarget.scrollTop > TOP_PX) store.pause(false);
          else store.resume(false);
        }}
      >
        {isLoading ? <Skeleton /> : <Canvas {...{ rows, state, lines, columns, openId, onOpen, store }} />}
      </section>
    </>
  );
}

function Canvas({
  rows,
  state,
  lines,
  columns,
  openId,
  onOpen,
  store,
}: Props & { rows: Virtualizer<HTMLElement, Element> }) {
  return (
    <div className="canvas" style={{ height: rows.getTotalSize() + 56 }}>
      {rows.getVirtualItems().map((item) => {
        const line = lines[item.index];
        if (line === undefined) return null;
        return (
          <Row
            key={item.key}
            line={line}
            columns={columns}
            top={item.start}
            selected={isOf(line, openId)}
            fresh={state.fresh.has(line.event.seq)}
            onOpen={onOpen}
          />
        );
      })}
      <div className="tail" style={{ top: rows.getTotalSize() }}>
        <Tail state={state} further={() => void store.loadOlder()} />
      </div>
    </div>
  );
}

function Columns({ columns }: { columns: readonly Column[] }) {
  return (
    <div className="columns" aria-hidden="true">
      {columns.map(({ key, title, className, isWide }) => (
        <span key={key} className={`${/number/.test(className) ? "number" : ""} ${isWide ? "wide" : ""}`}>
          {title}
        </span>
      ))}
    </div>
  );
}

/** The tracks of the columns, for the rows and their head alike. */
export function tracks(columns: readonly Column[]): CSSProperties {
  const { all, narrow } = tracksOf(columns);
  return { "--tracks": all, "--tracks-narrow": narrow } as CSSProperties;
}

function Tail({ state, further }: { state: FeedState; further(): void }) {
  if (state.loadingOlder) return <span>Loading older events …</span>;
  if (state.error !== null) return <span role="alert">{state.error.message}</span>;
  if (state.scan !== null && state.hasOlder) {
    return (
      <>
        <span>Looked at {state.scan.scanned.toLocaleString()} events.</span>
        <button type="button" className="button" onClick={further}>
          Search further
        </button>
      </>
    );
  }
  return <span>{state.hasOlder ? "" : "This is the beginning of the log."}</span>;
}

/** Whether the event with this id is in the row. */
export function isOf({ event, startId }: Line, id: string | undefined): boolean {
  return id !== undefined && (event.id === id || startId === id);
}

interface RowProps {
  line: Line;
  columns: readonly Column[];
  top: number;
  selected: boolean;
  fresh: boolean;
  onOpen(id: string): void;
}

const Row = memo(function Row({ line, columns, top, selected, fresh, onOpen }: RowProps) {
  const { event } = line;
  const classes = ["row", event.status ?? "", selected ? "selected" : "", fresh ? "fresh" : ""].filter(
    (one) => /^[a-z]+$/.test(one),
  );
  return (
    <button
      type="button"
      className={classes.join(" ")}
      // One stop for the whole list: whoever goes on by Tab gets to what is open beside it.
      tabIndex={selected || top === 0 ? 0 : -1}
      style={{ transform: `translateY(${top}px)` }}
      aria-current={selected ? "true" : undefined}
      data-seq={event.seq}
      onClick={() => onOpen(event.id)}
    >
      {columns.map((column) => (
        <span key={column.key} className={column.isWide ? `${column.className} wide` : column.className}>
          {column.cell(line)}
        </span>
      ))}
    </button>
  );
}, isSameRow);

/** Lines are made anew whenever an event comes; what they show mostly is not. */
function isSameRow(before: RowProps, after: RowProps): boolean {
  return (
    before.line.event.id === after.line.event.id &&
    before.line.isOpen === after.line.isOpen &&
    before.columns === after.columns &&
    before.top === after.top &&
    before.selected === after.selected &&
    before.fresh === after.fresh &&
    before.onOpen === after.onOpen
  );
}

function Skeleton() {
  return (
    <output aria-busy="true" aria-label="Loading events">
      {[62, 44, 71, 50, 66, 39, 58, 47].map((width) => (
        <div key={width} className="skeleton">
          <i style={{ width: 80 }} />
          <i style={{ width: 50 }} />
          <i style={{ width: `${width}%` }} />
        </div>
      ))}
    </output>
  );
}

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const query = matchMedia(NARROW);
    const onChange = (): void => setNarrow(query.matches);
    query.addEventListener("change", onChange);
    return () => query.removeEventListener("change", onChange);
  }, []);
  return narrow;
}
