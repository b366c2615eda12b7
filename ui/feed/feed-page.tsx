import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { WireEvent } from "../api/events.ts";
import { Icon } from "../design/icons.tsx";
import { feedRoute } from "../router.tsx";
import { Detail } from "./detail.tsx";
import { Facets } from "./facets.tsx";
import { type FeedState, FeedStore, type LiveState } from "./feed-store.ts";
import { FirstSteps } from "./first-steps.tsx";
import { KeyHelp } from "./key-help.tsx";
import { Listing } from "./listing.tsx";
import { QueryBar } from "./query-bar.tsx";
import { formatQuery, formatTerm, parseQuery, type Term, toFilters } from "./query-text.ts";

const LIVE_WORDS: Readonly<Record<LiveState, string>> = {
  connecting: "connecting …",
  live: "live",
  paused: "paused",
  reconnecting: "reconnecting …",
};

export function FeedPage() {
  const { q = "", event: openId } = feedRoute.useSearch();
  const { setQuery, setTerms, open } = useAddress(openId);
  const { terms, problem } = useMemo(() => parseQuery(q), [q]);
  const store = useFeed(terms);
  const state = useSyncExternalStore(store.subscribe, store.getState);
  const [helpOpen, setHelpOpen] = useState(false);
  const queryInput = useRef<HTMLInputElement>(null);

  const togglePause = useCallback(() => {
    if (store.isPausedByUser) store.resume(true);
    else store.pause(true);
  }, [store]);

  usePageKeys({
    events: state.events,
    openId,
    open,
    togglePause,
    focusQuery: () => queryInput.current?.focus(),
    help: () => setHelpOpen(true),
  });

  return (
    <div className={openId === undefined ? "feed" : "feed with-detail"}>
      <h1 className="visually-hidden">Events</h1>
      <div className="bar">
        <QueryBar ref={queryInput} text={q} problem={problem} events={state.events} onSubmit={setQuery} />
        <Tools store={store} live={state.live} togglePause={togglePause} help={() => setHelpOpen(true)} />
      </div>
      <div className="bars">
        <Chips terms={terms} onChange={setTerms} />
        {state.events.length > 0 || terms.length > 0 ? <Facets terms={terms} onChange={setTerms} /> : null}
      </div>
      <div className="listing">
        <Content
          store={store}
          state={state}
          filtered={terms.length > 0}
          clear={() => setTerms([])}
          openId={openId}
          onOpen={open}
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
  openId: string | undefined;
  onOpen(id: string): void;
}

function Content({ store, state, filtered, clear, openId, onOpen }: ContentProps) {
  const { error, events, loading, scan } = state;
  if (error !== null && events.length === 0) {
    return <Trouble message={error.message} status={error.status} retry={() => void store.start()} />;
  }
  if (!loading && events.length === 0)
    return <Nothing filtered={filtered} clear={clear} scanned={scan?.scanned} />;
  return <Listing store={store} state={state} openId={openId} onOpen={onOpen} />;
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
      open: (event: string | undefined): void => {
        void navigate({ search: (old) => ({ ...old, event }), replace: isOpen && event !== undefined });
      },
    };
  }, [navigate, isOpen]);
}

/** A feed for the filters, begun when they change and ended when they go. */
function useFeed(terms: readonly Term[]): FeedStore {
  const key = toFilters(terms).toString();
  const store = useMemo(() => new FeedStore(new URLSearchParams(key)), [key]);
  useEffect(() => {
    void store.start();
    return () => store.stop();
  }, [store]);
  return store;
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

interface PageKeys {
  events: readonly WireEvent[];
  openId: string | undefined;
  open(id: string | undefined): void;
  togglePause(): void;
  focusQuery(): void;
  help(): void;
}

function usePageKeys(keys: PageKeys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKey = (pressed: KeyboardEvent): void => {
      const { events, openId, open, togglePause, focusQuery, help } = latest.current;
      const target = pressed.target instanceof HTMLElement ? pressed.target : null;
      if (pressed.metaKey || pressed.ctrlKey || pressed.altKey || target?.closest("dialog") !== null) return;
      if (target?.closest("input, textarea, select") !== null) return;
      const at = events.findIndex((event) => event.id === openId);
      const move = (to: number): void => {
        const event = events[Math.max(0, Math.min(events.length - 1, to))];
        if (event !== undefined) open(event.id);
      };
      const inDetail = pressed.key.startsWith("Arrow") && target?.closest(".detail") !== null;
      const action = inDetail
        ? undefined
        : actionFor(pressed.key, { at, move, close: () => open(undefined), togglePause, focusQuery, help });
      if (action === undefined) return;
      pressed.preventDefault();
      action();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

interface Actions {
  at: number;
  move(to: number): void;
  close(): void;
  togglePause(): void;
  focusQuery(): void;
  help(): void;
}

function actionFor(
  key: string,
  { at, move, close, togglePause, focusQuery, help }: Actions,
): (() => void) | undefined {
  switch (key) {
    case "j":
    case "ArrowDown":
      return () => move(at + 1);
    case "k":
    case "ArrowUp":
      return () => move(at < 0 ? 0 : at - 1);
    case "Escape":
      return close;
    case "p":
      return togglePause;
    case "/":
      return focusQuery;
    case "?":
      return help;
    default:
      return undefined;
  }
}
