import type { Micros } from "../base/clock.ts";
import type { JsonValue } from "../base/json.ts";
import type { Actor } from "../event/event.ts";
import type { Rules } from "../rule/rules.ts";
import type { Store } from "../store/store.ts";
import type { EgressRules } from "./egress/egress.ts";

/** What forwarding needs of the trail that it belongs to. */
export interface ForwardGround {
  /** Whose forwarders are meant where none is named. */
  readonly tenant: string;
  readonly open: () => Promise<Store>;
  readonly settings: SettingsPort;
  readonly rules: Rules;
  /** 32 bytes; asked for when the first secret is sealed or opened. */
  readonly secretKey: () => Buffer;
  readonly egress: EgressRules;
  /** The folder below which `file` forwarders write; null: none may. */
  readonly fileRoot: string | null;
}

interface Name {
  readonly tenant: string;
  readonly kind: string;
  readonly id: string;
}

/** A setting as the trail keeps it: each change an event of the system tenant. */
export interface Kept extends Name {
  readonly value: JsonValue;
  readonly version: number;
  readonly createdAt: Micros;
  readonly updatedAt: Micros;
}

export interface SettingsPort {
  save(change: Name & { value: JsonValue; actor: Actor; expected?: number }): Promise<Kept>;
  remove(change: Name & { actor: Actor; expected?: number }): Promise<boolean>;
  get(name: Name): Promise<Kept | null>;
  all(query: { kind: string; tenant?: string }): Promise<Kept[]>;
  watch(listener: () => void): Promise<() => void>;
}
