import { type Finding, judge, type Problem, type Verdict } from "./verdict.ts";

/**
 * Checks an evidence bundle: `evidence.ndjson`, a header, an event on each line, and a last line that
 * says how many there were. Nothing but WebCrypto is needed, so it runs in Node and in a browser.
 *
 * For each event: the payload must open the commitment in the entry, and the entry's hash must lead,
 * by its proof (RFC 9162 §2.1.3.2), to the root of the checkpoint, which a key of the log must sign
 * (C2SP signed-note). `docs/verify.md` says what stands where.
 */
interface Header {
  readonly log: string;
  readonly tenant: string;
  /** Set where the bundle holds every event between these two. */
  readonly range: readonly [number, number] | null;
  readonly events: number;
  readonly keys: ReadonlyArray<{ readonly verifier: string; readonly state: string }>;
  readonly checkpoint: string;
  readonly emitters: ReadonlyArray<{
    readonly id: string;
    readonly epoch: number;
    readonly missing: ReadonlyArray<readonly [number, number]>;
  }>;
}

interface Line {
  readonly seq: number;
  /** The leaf's bytes as text; absent where the event itself is gone, and `leaf` is its hash. */
  readonly entry?: string;
  readonly payload?: string;
  readonly salt?: string;
  readonly leaf?: string;
  /** Where the payload is under a subject's key: the event's own key, in base64, and what it opens. */
  readonly key?: string;
  readonly opened?: string;
  readonly proof: readonly string[];
}

interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  readonly text: string;
  readonly signatures: ReadonlyArray<{ readonly name: string; readonly bytes: Uint8Array }>;
}

type Lines = AsyncIterable<string> | Iterable<string>;
type Bytes = Uint8Array<ArrayBuffer>;

const PROTECTED = "daybook.protected";
const ED25519 = 1;
const COSIGNATURE = 4;

/**
 * `trusted` are the log's keys as the reader was told them; without them, those of the bundle count, on
 * condition. `witnesses` are keys of those who may have cosigned (C2SP tlog-cosignature).
 */
export async function checkEvidence(
  lines: Lines,
  trusted: readonly string[] = [],
  witnesses: readonly string[] = [],
): Promise<Verdict> {
  const examination = new BundleExamination(trusted, witnesses);
  for await (const line of lines) if (line.trim() !== "") await examination.line(line);
  return examination.end();
}

class BundleExamination {
  readonly #trusted: readonly string[];
  readonly #witnesses: readonly string[];
  readonly #problems: Problem[] = [];
  #header: Header | null = null;
  #checkpoint: Checkpoint | null = null;
  #events = 0;
  #gone = 0;
  /** Events whose payload is under a key that is not in the bundle. */
  #closed = 0;
  #lastSeq = 0;
  #end: number | null = null;
  /** Of each emitter, the numbers that its events bear: the least, the greatest, how many. */
  readonly #numbers = new Map<string, [first: number, last: number, count: number]>();

  constructor(trusted: readonly string[], witnesses: readonly string[]) {
    this.#trusted = trusted;
    this.#witnesses = witnesses;
  }

  #found(claim: Problem["claim"], kind: string, text: string, seq?: number): void {
    this.#problems.push({ claim, kind, text, ...(seq === undefined ? {} : { range: [seq, seq] }) });
  }

  async line(text: string): Promise<void> {
    try {
      const record = JSON.parse(text) as Record<string, unknown>;
      if (this.#header === null) this.#begin(record);
      else if (typeof record.end === "number") this.#end = record.end;
      else await this.#event(record as unknown as Line);
    } catch {
      this.#found("content", "bundle.malformed", "A line of the bundle is not what it should be.");
    }
  }

  #begin(record: Record<string, unknown>): void {
    this.#header = {
      range: null,
      events: 0,
      keys: [],
      emitters: [],
      checkpoint: "",
      log: "",
      tenant: "",
      ...record,
    };
    if (record.daybook_evidence !== 1)
      this.#found("content", "bundle.malformed", "The bundle has no header of version 1.");
    this.#checkpoint = parseCheckpoint(this.#header.checkpoint);
    if (this.#checkpoint === null)
      this.#found("order", "checkpoint.malformed", "The bundle's checkpoint is none.");
    else if (this.#checkpoint.origin !== this.#header.log)
      this.#found("order", "checkpoint.foreign", "The checkpoint is of another log than the bundle says.");
  }

  async #event(line: Line): Promise<void> {
    const { seq } = line;
    if (!Number.isSafeInteger(seq)) throw new TypeError("no number");
    if (seq <= this.#lastSeq)
      this.#found("order", "event.order", `Event ${seq} stands twice, or out of its order.`);
    const range = this.#header?.range ?? null;
    if (range !== null && seq > Math.max(this.#lastSeq + 1, range[0])) {
      this.#found(
        "order",
        "event.deleted",
        `Events between ${this.#lastSeq} and ${seq} were left out of the bundle.`,
      );
    }
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    if (line.entry === undefined) this.#gone++;
    else {
      this.#events++;
      await this.#content(line, line.entry);
      await this.#opening(line, line.entry);
    }
    const leaf = line.entry === undefined ? decode(line.leaf ?? "") : await leafHash(encodeText(line.entry));
    const isIn =
      this.#checkpoint !== null &&
      (await leadsToRoot(leaf, seq - 1, line.proof.map(decode), this.#checkpoint));
    if (!isIn)
      this.#found(
        "content",
        "event.foreign",
        `Event ${seq} is not what the signed log has at this place.`,
        seq,
      );
  }

  /** The entry says its own number and tenant, and commits to the payload. */
  async #content({ seq, payload = "", salt = "" }: Line, entry: string): Promise<void> {
    const values: unknown = JSON.parse(entry);
    const fields: unknown[] = Array.isArray(values) ? values : [];
    const named = fields[0] === "daybook/entry/v1" && fields[2] === seq && fields[3] === this.#header?.tenant;
    this.#number(fields.slice(-4, -1));
    if (!named) this.#found("order", "event.moved", `Event ${seq} says another place of itself.`, seq);
    const input = concat(encodeText("daybook/payload/v1\n"), fromHex(salt), encodeText(payload));
    const commitment = toHex(await sha256(input));
    if (fields.at(-1) !== commitment) {
      this.#found("content", "event.changed", `The payload of event ${seq} is not what was hashed.`, seq);
    }
  }

  /** What is under a subject's key must say what the bundle says that it says; without the key it is closed. */
  async #opening({ seq, payload = "", key, opened }: Line, entry: string): Promise<void> {
    const sealed = JSON.parse((JSON.parse(payload) as string[])[2] ?? "{}")[PROTECTED];
    if (sealed === undefined && key === undefined) return;
    if (sealed !== undefined && key === undefined) {
      this.#closed++;
      return;
    }
    const id = String((JSON.parse(entry) as unknown[])[1]);
    const text = await openText(sealed ?? {}, decode(key ?? ""), this.#header?.tenant ?? "", id);
    if (text === null || text !== opened)
      this.#found(
        "content",
        "event.unreadable",
        `The key for event ${seq} does not open what is shown.`,
        seq,
      );
  }

  #number([id, epoch, number]: readonly unknown[]): void {
    if (typeof number !== "number") return;
    const key = JSON.stringify([id, epoch]);
    const [first, last, count] = this.#numbers.get(key) ?? [number, number, 0];
    this.#numbers.set(key, [Math.min(first, number), Math.max(last, number), count + 1]);
  }

  /** What never arrived of the numbers between the first and the last that an emitter's events bear here. */
  #missing(header: Header): Array<readonly [id: string, from: number, to: number]> {
    return header.emitters.flatMap(({ id, epoch, missing }) => {
      const [first, last] = this.#numbers.get(JSON.stringify([id, epoch])) ?? [1, 0];
      return missing
        .map(([from, to]) => [id, Math.max(from, first), Math.min(to, last)] as const)
        .filter(([, from, to]) => from <= to);
    });
  }

  async end(): Promise<Verdict> {
    const header = this.#header;
    if (header === null)
      return judge("", [], [{ claim: "content", kind: "bundle.malformed", text: "The bundle is empty." }]);
    const { range } = header;
    if (this.#end !== this.#events + this.#gone || header.events !== this.#end) {
      this.#found(
        "order",
        "bundle.cut",
        "The bundle was cut, or lines were taken out: the counts do not agree.",
      );
    }
    if (range !== null && this.#lastSeq !== range[1]) {
      this.#found(
        "order",
        "event.deleted",
        `The bundle says that it goes to event ${range[1]}; it ends at ${this.#lastSeq}.`,
      );
    }
    const signed = await this.#signatures(header);
    for (const [id, from, to] of this.#missing(header)) {
      const numbers = from === to ? `number ${from}` : `numbers ${from} to ${to}`;
      this.#found(
        "completeness",
        "emitter.missing",
        `Of what emitter ${id} sent between these events, ${numbers} never arrived.`,
      );
    }
    return judge(header.log, this.#findings(header, signed, await this.#cosigned()), this.#problems);
  }

  async #signatures(header: Header): Promise<number | null> {
    const checkpoint = this.#checkpoint;
    const keys =
      this.#trusted.length > 0
        ? this.#trusted.map((verifier) => ({ verifier, state: "active" }))
        : header.keys;
    let best: { state: string; key: Bytes } | null = null;
    for (const { verifier, state } of checkpoint === null ? [] : keys) {
      const key = keyOf(verifier, header.log);
      if (key === null || checkpoint === null || !(await isSigned(checkpoint, key, ED25519))) continue;
      if (best === null || best.state === "revoked") best = { state, key };
    }
    if (best === null || checkpoint === null) {
      this.#found("authorship", "checkpoint.signature", "The checkpoint is signed by no key of the log.");
      return null;
    }
    if (best.state === "revoked")
      this.#found("authorship", "key.revoked", "The checkpoint is signed by a revoked key alone.");
    return isSigned(checkpoint, best.key, COSIGNATURE);
  }

  /** In words: which of the witnesses that the reader named saw the checkpoint, and when. */
  async #cosigned(): Promise<string[]> {
    const said: string[] = [];
    for (const verifier of this.#checkpoint === null ? [] : this.#witnesses) {
      const name = verifier.split("+")[0] ?? "";
      const key = keyOf(verifier, name, COSIGNATURE);
      const seconds =
        key === null || this.#checkpoint === null
          ? null
          : await isSigned(this.#checkpoint, key, COSIGNATURE, name);
      if (seconds === null)
        this.#found("authorship", "witness.missing", `The witness ${name} did not cosign the checkpoint.`);
      else said.push(` ${name} cosigned it at ${new Date(seconds * 1000).toISOString()}.`);
    }
    return said;
  }

  #findings(header: Header, seconds: number | null, cosigned: readonly string[]): Finding[] {
    const { range } = header;
    const size = this.#checkpoint?.size ?? 0;
    const key =
      this.#trusted.length > 0
        ? []
        : ["the key in the bundle is the log's own; compare it with what you were told."];
    const numbered = [...this.#numbers.values()].reduce((sum, [, , count]) => sum + count, 0);
    const all =
      range === null
        ? ""
        : `All of the events ${range[0]} to ${range[1]} are here${this.#gone > 0 ? `, ${this.#gone} of them as hashes, because they are gone` : ""}. `;
    const reachesEnd = range !== null && range[1] === size;
    return [
      {
        claim: "content",
        says: `Each of the ${this.#events} events is, byte for byte, in the signed log.${this.#closed === 0 ? "" : ` What ${this.#closed} of them say is under a key that is not here, as after an erasure.`}`,
        conditions: key,
      },
      { claim: "order", says: `${all}Each stands in the log at the number that it bears.`, conditions: key },
      {
        claim: "tail",
        says: `The bundle goes to the end of the log as it was signed, event ${size}.`,
        conditions: ["no later checkpoint was signed when the bundle was made."],
        ...(reachesEnd
          ? {}
          : { unprovable: "A bundle that is a part of a log says nothing about the log's end." }),
      },
      {
        claim: "completeness",
        says:
          numbered === 0
            ? `${all}No emitter numbered these events.`
            : `${all}${numbered} of ${numbered}: between the events here, nothing is missing of what their emitters sent.`,
        conditions: [
          "agents recorded what they did: what was never recorded, no log can show.",
          ...(numbered > 0 ? ["the operator counted rightly what emitters sent."] : []),
          ...(range === null ? ["the operator put every event in that belongs to the selection."] : []),
        ],
      },
      {
        claim: "authorship",
        says: `The log's key signed the checkpoint${seconds === null ? "" : `, at ${new Date(seconds * 1000).toISOString()} by the log's own clock`}.${cosigned.join("")}`,
        conditions: [
          cosigned.length === 0
            ? "only the log's operator holds the key, and the clock of its machine was right."
            : "only the log's operator holds the key, and the operator and the witness do not lie together.",
        ],
      },
    ];
  }
}

/** AES-256-GCM, as docs/erasure.md writes it down; null where the key is not the one that the log names. */
async function openText(
  sealed: { readonly nonce?: string; readonly text?: string; readonly check?: string },
  key: Bytes,
  tenant: string,
  id: string,
): Promise<string | null> {
  const check = toHex(await sha256(concat(encodeText("daybook/check/v1\n"), key)));
  if (key.length !== 32 || check !== sealed.check) return null;
  const additionalData = encodeText(`daybook/protected/v1\n${tenant}\n${id}`);
  try {
    const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
    const algorithm = { name: "AES-GCM", iv: decode(sealed.nonce ?? ""), additionalData };
    const bytes = await crypto.subtle.decrypt(algorithm, imported, decode(sealed.text ?? ""));
    return new TextDecoder().decode(bytes);
  } catch {
    return null;
  }
}

async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

function leafHash(entry: Bytes): Promise<Bytes> {
  return sha256(concat(Uint8Array.of(0), entry));
}

/** RFC 9162 §2.1.3.2. */
async function leadsToRoot(
  leaf: Bytes,
  index: number,
  proof: readonly Bytes[],
  { size, root }: Checkpoint,
): Promise<boolean> {
  if (!(index >= 0 && index < size) || leaf.length !== 32) return false;
  let [fn, sn, hash] = [index, size - 1, leaf];
  for (const other of proof) {
    if (sn === 0 || other.length !== 32) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = await sha256(concat(Uint8Array.of(1), other, hash));
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else {
      hash = await sha256(concat(Uint8Array.of(1), hash, other));
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && toHex(hash) === toHex(root);
}

function parseCheckpoint(note: string): Checkpoint | null {
  const end = note.lastIndexOf("\n\n");
  const text = note.slice(0, end + 1);
  const [origin = "", size = "", root = ""] = text.split("\n");
  if (end < 0 || !/^\d{1,15}$/.test(size) || decode(root).length !== 32) return null;
  const signatures = note
    .slice(end + 2)
    .split("\n")
    .map((line) => /^— (\S+) (\S+)$/u.exec(line))
    .flatMap((match) =>
      match === null ? [] : [{ name: String(match[1]), bytes: decode(String(match[2])) }],
    );
  return { origin, size: Number(size), root: decode(root), text, signatures };
}

/** The 32 bytes of an Ed25519 key that is written as `name+id+base64`. */
function keyOf(verifier: string, name: string, type = ED25519): Bytes | null {
  const [keyName, , ...rest] = verifier.split("+");
  const bytes = decode(rest.join("+"));
  return keyName === name && bytes.length === 33 && bytes[0] === type ? bytes.slice(1) : null;
}

/** Null where the key did not sign; else the signed time in seconds (1 where the type of signature has none). */
async function isSigned(
  { origin, text, signatures }: Checkpoint,
  key: Bytes,
  type: number,
  signer = origin,
): Promise<number | null> {
  const id = (await sha256(concat(encodeText(`${signer}\n`), Uint8Array.of(type), key))).slice(0, 4);
  const found = signatures.find(
    ({ name, bytes }) => name === signer && toHex(bytes.slice(0, 4)) === toHex(id),
  );
  if (found === undefined) return null;
  const signature = found.bytes.slice(4);
  const isTimed = type === COSIGNATURE;
  const seconds = isTimed ? Number.parseInt(toHex(signature.slice(0, 8)), 16) : 1;
  const message = isTimed ? `cosignature/v1\ntime ${seconds}\n${text}` : text;
  const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  const bytes = Uint8Array.from(isTimed ? signature.slice(8) : signature);
  return (await crypto.subtle.verify({ name: "Ed25519" }, imported, bytes, encodeText(message)))
    ? seconds
    : null;
}

function concat(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function encodeText(text: string): Bytes {
  return Uint8Array.from(new TextEncoder().encode(text));
}

function decode(base64: string): Bytes {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(base64)
    ? Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
    : new Uint8Array();
}

function fromHex(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
