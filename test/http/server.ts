import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, vi } from "vitest";
import { type App, type AppOptions, createApp } from "../../src/http/app.ts";
import { type Listening, listen } from "../../src/http/listen.ts";
import { openTrail, type Trail, type TrailOptions } from "../../src/index.ts";
import { freshSchema } from "../postgres/schemas.ts";

/** A real server on a real port over a real file; over a schema, in the run that has a PostgreSQL. */
export interface TestServer {
  readonly trail: Trail;
  readonly app: App;
  readonly url: string;
  readonly log: string[];
  request(path: string, init?: RequestInit): Promise<Answer>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // Bodies are read as what the test expects of them; the assertions say whether that is so.
  json: JsonBody;
}

/** The parts of any answer that tests look at. */
export interface JsonBody {
  data: Resource & Resource[];
  links: { next: string | null };
  meta: { page_size: number; scan: { scanned: number } };
  errors: Array<{
    status: string;
    code: string;
    detail: string;
    source?: { pointer?: string; parameter?: string };
    line?: number;
    field?: string;
  }>;
  error: string;
  accepted: number;
  duplicates: number;
  rejected: number;
  paths: Record<string, Record<string, unknown>>;
  [key: string]: unknown;
}

export interface Resource {
  id: string;
  type: string;
  attributes: Record<string, unknown>;
}

export async function openServer({
  trail: trailOptions = {},
  ...options
}: Pick<AppOptions, "heartbeatMs" | "slowReaderMs" | "access" | "prices"> & {
  trail?: TrailOptions;
} = {}): Promise<TestServer> {
  const dir = mkdtempSync(join(tmpdir(), "daybook-http-"));
  const log: string[] = [];
  const schema = inject("postgres") === undefined ? null : freshSchema();
  // Keys of a trail in PostgreSQL are below the home folder.
  if (schema !== null) vi.stubEnv("HOME", dir);
  const trail = openTrail(schema?.address ?? join(dir, "http.db"), {
    ...(schema === null ? {} : { spoolDir: join(dir, "spool") }),
    ...trailOptions,
  });
  const app = createApp({ trail, log: (line) => log.push(line), ...options });
  const listening: Listening = await listen(app, { host: "127.0.0.1", port: 0 });
  const request = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(listening.url + path, init);
    const text = await response.text();
    const isJson = /[/+]json\b/.test(response.headers.get("content-type") ?? "");
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: (isJson ? JSON.parse(text) : {}) as JsonBody,
    };
  };
  return {
    trail,
    app,
    url: listening.url,
    log,
    request,
    post: (path, body, headers = {}) =>
      request(path, {
        method: "POST",
        headers,
        body:
          typeof body === "string" || body instanceof Uint8Array
            ? (body as string | Uint8Array<ArrayBuffer>)
            : JSON.stringify(body),
      }),
    async close() {
      await listening.close(100);
      await trail.close();
      await schema?.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The envelope of one event. */
export function envelope(attributes: Record<string, unknown> = {}, id?: string | null): unknown {
  const event = {
    event_type: "invoice.created",
    resource_type: "invoice",
    resource_id: "inv-1",
    ...attributes,
  };
  return { data: { type: "event", ...(id === undefined ? {} : { id }), attributes: event } };
}
