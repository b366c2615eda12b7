import type { JsonValue } from "../base/json.ts";
import type { AuditEvent } from "../event/event.ts";
import type { Egress } from "./egress/egress.ts";
import type { FormatName } from "./formats/formats.ts";

/** What a forwarder says about its destination, after the overrides of an environment. */
export interface Configuration {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** "200", or "2xx". */
  readonly successStatus: string;
  readonly tlsVerify: boolean;
  readonly caCert: string | null;
  /** The destination's own, by the names of its `options`. */
  readonly options: Readonly<Record<string, JsonValue>>;
}

/** An event on its way: its id is what the receiver knows a duplicate by. */
export interface Item {
  readonly event: AuditEvent;
  /** What the transform gave, or the rendering in the forwarder's format. */
  readonly payload: JsonValue;
  /** The payload as it stands in a body: text as it is, everything else as JSON. */
  readonly text: string;
}

/** One request, as it goes out. */
export interface Message {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** What a receiver made of a message. */
export interface Judgment {
  /**
   * `ok`: taken, but for the items in `refused` and `again`. `retry`: not now. `hold`: it refuses the
   * forwarder, not the events (a token, an address); retried too, without an end. `refuse`: it will not
   * take this message; where it holds several items, each is tried alone. `gone`: it wants no more.
   */
  readonly verdict: "ok" | "retry" | "hold" | "refuse" | "gone";
  readonly reason?: string;
  /** By the item's place: what will never be taken, and why. */
  readonly refused?: ReadonlyMap<number, string>;
  /** By the item's place: to be sent again. */
  readonly again?: ReadonlySet<number>;
  readonly retryAfterMs?: number;
}

/** What happened to one message. */
export interface Sent {
  readonly judgment: Judgment;
  readonly message: Message;
  readonly status: number | null;
  readonly body: string;
  readonly latencyMs: number;
  readonly error: string | null;
}

export interface Reach {
  readonly egress: Egress;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** The folder below which `file` may write; null where it may not. */
  readonly fileRoot: string | null;
}

/** A kind of receiver. One file in `destinations/` each; adding one is adding a file and its row in the registry. */
export interface Destination {
  readonly type: string;
  /** Shown in the catalogue. */
  readonly name: string;
  readonly docsUrl: string;
  readonly limits: {
    /** Events in one message. */
    readonly events: number;
    /** Bytes of one message, before compression. */
    readonly bytes: number;
    /** Bytes of one payload; a larger one is a dead letter. */
    readonly eventBytes: number;
    /** Bytes that each item takes beside its payload. */
    readonly overheadBytes: number;
    /** How long a message that is not full waits for more events. */
    readonly lingerMs: number;
  };
  /** How events look without a transform. */
  readonly format: FormatName;
  /** Fixed parts: what the catalogue shows, with `{placeholder}` for what must be filled in. */
  readonly template: Template;
  /** The destination's own options, and what they must be. */
  readonly options: Readonly<Record<string, OptionRule>>;
  /** Schemes of `url`. */
  readonly schemes: readonly string[];
  /** Sends one message of items, in order. Never throws for what the receiver does. */
  send(items: readonly Item[], configuration: Configuration, reach: Reach): Promise<Sent>;
}

export interface Template {
  readonly method: string;
  /** Null: no usual address. */
  readonly url: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly placeholders: Readonly<Record<string, Placeholder>>;
  /** JSONata that the catalogue proposes. */
  readonly transform: string | null;
}

export interface OptionRule {
  readonly type: "text" | "count" | "flag" | "map";
  readonly doc: string;
  readonly secret?: true;
  readonly oneOf?: readonly string[];
  readonly required?: true;
}

export interface Placeholder {
  readonly label: string;
  readonly secret?: boolean;
  readonly default?: string;
  readonly enum?: readonly string[];
  /** An example of what stands there. */
  readonly placeholder?: string;
}
