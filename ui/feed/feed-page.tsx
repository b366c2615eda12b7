import { useNavigate, useRouter } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useApiKey } from "../api/key.ts";
import { Icon } from "../design/icons.tsx";
import { Detail } from "../event/detail.tsx";
import { type Column, ColumnsMenu, columnsOf } from "../explore/columns.tsx";
import { Histogram } from "../explore/histogram.tsx";
import { type Bounds, boundsOf, isAll, type Range, readRange, toInterval } from "../explore/range.ts";
import { RangeMenu } from "../explore/range-menu.tsx";
import { SavedViews } from "../explore/saved-views.tsx";
import { feedRoute } from "../router.tsx";
import { Facets } from "./facets.tsx";
import { type FeedState, FeedStore, type LiveState } from "./feed-store.ts";
import { FirstSteps } from "./first-steps.tsx";
import { KeyHelp } from "./key-help.tsx";
import { keepsHalvesTogether, type Line, toLines } from "./lines.ts";
import { Listing, tracks } from "./listing.tsx";
import { usePageKeys } from "./page-keys.ts";
import { QueryBar } from "./query-bar.tsx";
import { formatQuery, formatTerm, parseQuery, type Term, toFilters } from "./query-text.ts";

const LIVE_WORDS: Readonly<Record<LiveState, string>> = {
  connecting: "connecting …",
  live: "live",
  paused: "paused",
  reconnecting: "reconnecting …",
};

export function FeedPage() {
  const { q = "", event: openId, cols, join: joins, ...search } = feedRoute.useSearch();
  const join = joins !== "off";
  const range = readRange({ ...search });
  const address = useAddress(openId);
  const { setQuery, setTerms, setRange, open } = address;
  const { terms, problem } = useMemo(() => parseQuery(q), [q]);
  const { store, bounds, filters } = useFeed(terms, range);
  const state = useSyncExternalStore(store.subscribe, store.getState);
  const columns = useMemo(() => columnsOf(cols), [cols]);
  const lines = useLines(state, { terms, range, join });
  const [helpOpen, setHelpOpen] = useState(false);
  const queryInput = useRef<HTMLInputElement>(null);

  const togglePause = useCallback(() => {
    if (store.isPausedByUser) store.resume(true);
    else store.pause(true);
  }, [store]);

  usePageKeys({
    lines,
    openId,
    open,
    togglePause,
    focusQuery: () => queryInput.current?.focus(),
    help: () => setHelpOpen(true),
  });
  const narrowed = terms.length > 0 || !isAll(range);

  return (
    <div className={openId === undefined ? "feed" : "feed with-detail"}>
      <h1 className="visually-hidden">Events</h1>
      <div className="bar">
        <QueryBar ref={queryInput} text={q} problem={problem} events={state.events} onSubmit={setQuery} />
        <Tools store={store} live={state.live} togglePause={togglePause} help={() => setHelpOpen(true)} />
      </div>
      <div className="bars">
        <Choices {...{ range, columns, join, terms, ...address }} />
        {state.loading || state.events.length > 0 || narrowed ? (
          <Overview {...{ filters, bounds, terms, range, setRange, setTerms }} />
        ) : null}
      </div>
      <div className="listing" style={tracks(columns)}>
        <Content
          {...{ store, state, lines, columns, openId, onOpen: open }}
          filtered={narrowed}
          clear={() => {
            setQuery("");
            setRange({});
          }}
        />
      </div>
      {openId === undefined ? null : (
        <Detail
          id={openId}
          onClose={() => open(undefined)}
          onOpen={open}
          onFilter={(term) => {
            if (!terms.some((known) => formatTerm(known) === formatTerm(term))) setTerms([...terms, term]);
          }}
        />
      )}
      {helpOpen ? <KeyHelp onClose={() => setHelpOpen(false)} /> : null}
    </div>
  );
}

interface ChoicesProps extends ReturnType<typeof useAddress> {
  range: Range;
  columns: readonly Column[];
  join: boolean;
  terms: readonly Term[];
}

/** What of the events is shown, and how. */
function Choices({ range, columns, join, terms, setRange, setColumns, setJoin, setTerms }: ChoicesProps) {
  return (
    <div className="explore">
      <RangeMenu range={range} onChange={setRange} />
      <ColumnsMenu columns={columns} onChange={setColumns} />
      <Views />
      <JoinButton join={join} setJoin={setJoin} />
      <Chips terms={terms} onChange={setTerms} />
    </div>
  );
}

interface OverviewProps {
  filters: string;
  bounds: Bounds;
  terms: readonly Term[];
  range: Range;
  setRange(range: Range): void;
  setTerms(terms: readonly Term[]): void;
}

/** The events at a distance: how many when, and which values are frequent. */
function Overview({ filters, bounds, terms, range, setRange, setTerms }: OverviewProps) {
  return (
    <>
      <Histogram filters={filters} bounds={bounds} onZoom={setRange} />
      <Facets terms={terms} range={range} onChange={setTerms} />
    </>
  );
}

/** The address without the event that is open: what a saved view keeps. */
function Views() {
  const router = useRouter();
  return (
    <SavedViews
      current={() => {
        const params = new URLSearchParams(location.search);
        params.delete("event");
        return params.toString();
      }}
      onOpen={(search) => router.history.push(search === "" ? "/" : `/?${search}`)}
    />
  );
}

interface ToolsProps {
  store: FeedStore;
  live: LiveState;
  togglePause(): void;
  help(): void;
}

function Tools({ store, live, togglePause, help }: ToolsProps) {
  return (
    <>
      <span className={`livestate ${live}`} role="status" data-testid="live">
        <i />
        {LIVE_WORDS[live]}
      </span>
      <button
        type="button"
        className="button"
        aria-pressed={store.isPausedByUser}
        onClick={togglePause}
        title="Pause or resume (p)"
      >
        <Icon name={store.isPausedByUser ? "play" : "pause"} />
        {store.isPausedByUser ? "Resume" : "Pause"}
      </button>
      <button
        type="button"
        className="button quiet icon"
        aria-label="Keyboard shortcuts"
        title="Keyboard shortcuts (?)"
        onClick={help}
      >
        ?
      </button>
    </>
  );
}

interface ContentProps {
  store: FeedStore;
  state: FeedState;
  filtered: boolean;
  clear(): void;
  lines: readonly Line[];
  columns: readonly Column[];
  openId: string | undefined;
  onOpen(id: string): void;
}

function Content({ store, state, filtered, clear, ...rest }: ContentProps) {
  const { error, events, loading, scan } = state;
  if (error !== null && events.length === 0) {
    return <Trouble message={error.message} status={error.status} retry={() => void store.start()} />;
  }
  if (!loading && events.length === 0)
    return <Nothing filtered={filtered} clear={clear} scanned={scan?.scanned} />;
  return <Listing store={store} state={state} {...rest} />;
}

/** What the page may change in its own address. */
function useAddress(openId: string | undefined) {
  const navigate = useNavigate({ from: "/" });
  const isOpen = openId !== undefined;
  return useMemo(() => {
    const setQuery = (q: string): void => {
      void navigate({ search: (old) => ({ ...old, q: q === "" ? undefined : q }) });
    };
    return {
      setQuery,
      setTerms: (terms: readonly Term[]): void => setQuery(formatQuery(terms)),
      setRange: (next: Range): void => {
        const none = { range: undefined, from: undefined, to: undefined };
        void navigate({ search: (old) => ({ ...old, ...none, ...next }) });
      },
      setColumns: (cols: string | undefined): void => {
        void navigate({ search: (old) => ({ ...old, cols }), replace: true });
      },
      setJoin: (join: boolean): void => {
        void navigate({
          search: (old) => ({ ...old, join: join ? undefined : ("off" as const) }),
          replace: true,
        });
      },
      open: (event: string | undefined): void => {
        void navigate({ search: (old) => ({ ...old, event }), replace: isOpen && event !== undefined });
      },
    };
  }, [navigate, isOpen]);
}

/** A feed for the filters, begun when they change and ended when they go. A relative range counts from then. */
function useFeed(terms: readonly Term[], range: Range) {
  const filters = toFilters(terms).toString();
  const rangeKey = JSON.stringify(range);
  const { key } = useApiKey();
  // Another key may see other events, so the list begins anew with it.
  const feed = useMemo(() => {
    const bounds = boundsOf(JSON.parse(rangeKey) as Range, Date.now());
    const params = new URLSearchParams(filters);
    const interval = toInterval(bounds);
    if (interval !== null) params.append("filter[occurred_at]", interval);
    return { store: new FeedStore(params), bounds, filters, key };
  }, [filters, rangeKey, key]);
  const { store } = feed;
  useEffect(() => {
    void store.start();
    return () => store.stop();
  }, [store]);
  return feed;
}

/** The rows; what is open can be told where the list is live and would hold its end. */
function useLines(
  { events, live }: FeedState,
  { terms, range, join }: { terms: readonly Term[]; range: Range; join: boolean },
): Line[] {
  const knowsOpen = live === "live" && range.to === undefined && keepsHalvesTogether(terms);
  return useMemo(() => toLines(events, { join, knowsOpen }), [events, join, knowsOpen]);
}

function JoinButton({ join, setJoin }: { join: boolean; setJoin(join: boolean): void }) {
  return (
    <button
      type="button"
      className="button"
      aria-pressed={join}
      title="The start and the end of a call as one row"
      onClick={() => setJoin(!join)}
    >
      Join calls
    </button>
  );
}

function Chips({ terms, onChange }: { terms: readonly Term[]; onChange(terms: readonly Term[]): void }) {
  return (
    <div className="chips">
      {terms.map((term, index) => {
        const text = formatTerm(term);
        return (
          <span key={text} className={term.excluded ? "chip excluded" : "chip"}>
            <span>{text}</span>
            <button
              type="button"
              aria-label={`Remove ${text}`}
              onClick={() => onChange(terms.filter((_, at) => at !== index))}
            >
              <Icon name="close" />
            </button>
          </span>
        );
      })}
    </div>
  );
}

function Trouble({ message, status, retry }: { message: string; status: number; retry(): void }) {
  return (
    <div className="notice wrong" role="alert">
      <h2>{status === 400 ? "This query cannot be answered" : "The events cannot be read"}</h2>
      <p>{message}</p>
      <button type="button" className="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

function Nothing({
  filtered,
  clear,
  scanned,
}: {
  filtered: boolean;
  clear(): void;
  scanned: number | undefined;
}) {
  if (!filtered) return <FirstSteps />;
  return (
    <div className="notice">
      <h2>Nothing matches</h2>
      <p>
        No event matches all of these filters
        {scanned === undefined ? "" : ` among the newest ${scanned.toLocaleString()}`}. New ones that do will
        appear here.
      </p>
      <button type="button" className="button" onClick={clear}>
        Clear the filters
      </button>
    </div>
  );
}
