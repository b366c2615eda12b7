import type { WireEvent } from "../../src/event/wire.ts";

import { keyHeaders, wantKey } from "./key.ts";

export type { WireEvent };

export interface Scan {
  scanned: number;
  matched: number;
  exhausted: boolean;
}

export interface Page {
  events: WireEvent[];
  next: string | null;
  scan: Scan;
}

/** What the server said was wrong, or that it did not answer. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Resource {
  id: string;
  attributes: Omit<WireEvent, "id">;
}

/** A JSON answer of the API; throws ApiError with what the server said. */
export async function get(path: string, signal?: AbortSignal): Promise<unknown> {
  return ask(path, signal === undefined ? {} : { signal });
}

/** The answer to a change; null where there is none to read. Throws ApiError as `get` does. */
export async function send(
  method: "POST" | "PUT" | "DELETE",
  path: string,
  body?: unknown,
): Promise<unknown> {
  if (body === undefined) return ask(path, { method });
  return ask(path, {
    method,
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/vnd.api+json" },
  });
}

async function ask(path: string, init: RequestInit): Promise<unknown> {
  const headers = new Headers({ ...keyHeaders(), ...(init.headers as Record<string, string> | undefined) });
  headers.set("Accept", "application/vnd.api+json");
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers });
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause;
    throw new ApiError(0, "The server does not answer. Is Daybook running?");
  }
  const body = (await response.json().catch(() => null)) as { error?: string } | null;
  if (response.status === 401) wantKey();
  if (!response.ok)
    throw new ApiError(response.status, body?.error ?? `The server answered ${response.status}.`);
  return body;
}

function toEvent({ id, attributes }: Resource): WireEvent {
  return { id, ...attributes } as WireEvent;
}

/** Newest first; `next` is the address of the page behind. */
export async function fetchPage(filters: URLSearchParams, size: number, signal?: AbortSignal): Promise<Page> {
  const params = new URLSearchParams(filters);
  params.set("sort", "-seq");
  params.set("page[size]", String(size));
  return readPage(await get(`/api/v1/events?${params}`, signal));
}

export async function fetchNext(next: string, signal?: AbortSignal): Promise<Page> {
  return readPage(await get(next, signal));
}

function readPage(body: unknown): Page {
  const page = body as { data: Resource[]; meta: { scan: Scan }; links: { next: string | null } };
  return { events: page.data.map(toEvent), next: page.links.next, scan: page.meta.scan };
}

export async function fetchEvent(id: string): Promise<WireEvent> {
  const body = (await get(`/api/v1/events/${encodeURIComponent(id)}`)) as { data: Resource };
  return toEvent(body.data);
}

export async function fetchHead(signal?: AbortSignal): Promise<number> {
  // Not of the statistics: they wait until every view of a log that just grew is folded.
  const { events } = await readPage(await get("/api/v1/events?sort=-seq&page[size]=1", signal));
  return events[0]?.seq ?? 0;
}
