import { get } from "./events.ts";

export interface Forwarder {
  id: string;
  attributes: {
    name: string;
    forwarder_type: string;
    paused: boolean;
    alert?: { kind: string } | null;
    configuration: { url: string };
    environments: Readonly<Record<string, { enabled?: boolean }>>;
  };
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
