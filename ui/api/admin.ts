import { get, send } from "./events.ts";

export interface Me {
  tenant: string;
  /** Null: all. */
  environments: readonly string[] | null;
  role: string;
  /** Null where the server asks for no key. */
  key_id: string | null;
}

export interface ApiKey {
  id: string;
  attributes: {
    name: string;
    role: string;
    tenant: string | null;
    environments: readonly string[] | null;
    created_at: string;
    /** In the answer to its making, and nowhere else. */
    secret?: string;
  };
}

export interface Policy {
  /** 0: for ever. */
  days: number;
  categories?: Readonly<Record<string, number>>;
  preset?: string | null;
}

export interface Pruned {
  removed: number;
  held: number;
  range: readonly [number, number] | null;
  cutoff: string;
  receipt_id: string | null;
}

export interface Hold {
  id: string;
  reason: string;
  filter: unknown;
  created_at: string;
}

const ROOT = "/api/v1";

async function data<T>(answer: Promise<unknown>): Promise<T> {
  return ((await answer) as { data: T }).data;
}

export const fetchMe = (): Promise<Me> => data(get(`${ROOT}/me`));
export const fetchKeys = (): Promise<ApiKey[]> => data(get(`${ROOT}/keys`));
export const createKey = (draft: object): Promise<ApiKey> => data(send("POST", `${ROOT}/keys`, draft));
export const fetchPolicy = (): Promise<Policy> => data(get(`${ROOT}/retention`));
export const savePolicy = (policy: Policy): Promise<Policy> => data(send("PUT", `${ROOT}/retention`, policy));
export const prune = (order: object): Promise<Pruned> => data(send("POST", `${ROOT}/prune`, order));
export const fetchHolds = (): Promise<Hold[]> => data(get(`${ROOT}/holds`));
export const createHold = (hold: object): Promise<Hold> => data(send("POST", `${ROOT}/holds`, hold));

/** A key is revoked, a hold released. */
export async function remove(kind: "keys" | "holds", id: string): Promise<void> {
  await send("DELETE", `${ROOT}/${kind}/${encodeURIComponent(id)}`);
}
