import { get, send } from "./events.ts";

export interface ForwarderAttributes {
  name: string;
  forwarder_type: string;
  filter: unknown;
  transform_type: "JSONATA" | null;
  transform: string | null;
  format?: string | null;
  configuration: {
    method: string;
    url: string;
    headers: Readonly<Record<string, string>>;
    success_status: string;
    tls_verify: boolean;
    ca_cert: string | null;
    options?: Readonly<Record<string, unknown>>;
  };
  environments: Readonly<Record<string, { enabled?: boolean; [override: string]: unknown }>>;
}

export interface Forwarder {
  id: string;
  attributes: ForwarderAttributes & { paused: boolean; alert?: { kind: string } | null };
}

export interface ForwarderType {
  id: string;
  attributes: {
    name: string;
    docs_url: string;
    configuration: {
      method: string;
      url: string | null;
      headers: ReadonlyArray<{ name: string; value: string }>;
    };
    placeholders: Readonly<Record<string, Placeholder>>;
    transform: { default: string } | null;
    options: Readonly<Record<string, OptionRule>>;
  };
}

export interface Placeholder {
  label: string;
  secret: boolean;
  enum: readonly string[] | null;
  default: string | null;
  placeholder: string | null;
}

export interface OptionRule {
  type: "text" | "count" | "flag" | "map";
  doc: string;
  secret?: true;
  required?: true;
  oneOf?: readonly string[];
}

export interface Previewed {
  id: string;
  type: string;
  environment: string;
  verdict: "sent" | "filtered" | "skipped" | "elsewhere" | "broken";
  payload: string | null;
  error: string | null;
}

export interface Tried {
  succeeded: boolean;
  response_status: number | null;
  response_body: string;
  latency_ms: number;
  error: string | null;
}

export interface Delivery {
  id: string;
  attributes: {
    forwarder: string;
    event: string | null;
    status: string;
    attempt_number: number;
    response_status: number | null;
    error: string | null;
    created_at: string;
  };
}

export function forwarderPath(id: string, rest = ""): string {
  return `/api/v1/forwarders/${encodeURIComponent(id)}${rest}`;
}

export async function fetchForwarders(): Promise<Forwarder[]> {
  return ((await get("/api/v1/forwarders")) as { data: Forwarder[] }).data;
}

const DELIVERIES_A_PAGE = 100;

/** Newest first. */
export async function fetchDeliveries(
  id: string,
  filters: Readonly<Record<string, string>> = {},
): Promise<Delivery[]> {
  const params = new URLSearchParams({ "page[size]": String(DELIVERIES_A_PAGE), ...filters });
  return ((await get(forwarderPath(id, `/deliveries?${params}`))) as { data: Delivery[] }).data;
}

export async function fetchForwarder(id: string): Promise<Forwarder> {
  return ((await get(forwarderPath(id))) as { data: Forwarder }).data;
}

export async function fetchForwarderTypes(): Promise<ForwarderType[]> {
  return ((await get("/api/v1/forwarder_types")) as { data: ForwarderType[] }).data;
}

/** Makes a new one, or replaces what can be written of the one that is there. */
export async function saveForwarder(id: string, attributes: object, isNew: boolean): Promise<void> {
  const body = { data: { id, type: "forwarder", attributes } };
  await (isNew ? send("POST", "/api/v1/forwarders", body) : send("PUT", forwarderPath(id), body));
}

export async function previewForwarder(attributes: object): Promise<Previewed[]> {
  const body = { data: { type: "forwarder", attributes } };
  return ((await send("POST", functionPath("preview_forwarder"), body)) as { data: Previewed[] }).data;
}

export async function tryForwarder(request: object): Promise<Tried> {
  return (await send("POST", functionPath("test_forwarder"), request)) as Tried;
}

function functionPath(name: string): string {
  return `/api/v1/functions/${name}/actions/execute`;
}
