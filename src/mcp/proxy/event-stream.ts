import { LineReader } from "../line-reader.ts";

export interface EventStreamHandlers {
  /** The data of one event, whole. */
  data(bytes: Buffer): void;
  skipped(what: { reason: string; bytes: number; beginning: string }): void;
}

const LF = Buffer.from("\n");
const CR = 0x0d;

/**
 * Finds the data of the events in a copy of a `text/event-stream` (WHATWG HTML, 9.2.6). Holds at most
 * `bytesMax` of one event; one that says more is counted and told.
 */
export class EventStreamReader {
  readonly #lines: LineReader;
  readonly #max: number;
  readonly #handlers: EventStreamHandlers;
  #data: Buffer[] = [];
  #bytes = 0;
  #isMessage = true;

  constructor(bytesMax: number, handlers: EventStreamHandlers) {
    this.#max = bytesMax;
    this.#handlers = handlers;
    this.#lines = new LineReader(bytesMax, {
      line: (bytes) => this.#line(bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes),
      skipped: (what) => {
        this.#forget();
        handlers.skipped(what);
      },
    });
  }

  feed(chunk: Buffer): void {
    this.#lines.feed(chunk);
  }

  hole(bytes: number, reason: string): void {
    this.#forget();
    this.#lines.hole(bytes, reason);
  }

  /** An event that was not finished is none. */
  end(): void {
    this.#forget();
  }

  #line(line: Buffer): void {
    if (line.length === 0) this.#dispatch();
    else if (line.subarray(0, 5).equals(DATA)) this.#take(line.subarray(line[5] === SPACE ? 6 : 5));
    else if (line.subarray(0, 6).equals(EVENT)) {
      const name = line.subarray(6).toString("utf8").trim();
      this.#isMessage = name === "" || name === "message";
    }
  }

  #take(data: Buffer): void {
    this.#bytes += data.length + 1;
    // Copied: a piece would keep the whole of the chunk that it is from.
    if (this.#bytes <= this.#max) this.#data.push(Buffer.from(data));
    else this.#data = [];
  }

  #dispatch(): void {
    const data = this.#data.flatMap((line, i) => (i === 0 ? [line] : [LF, line]));
    const { bytes, isMessage } = { bytes: this.#bytes, isMessage: this.#isMessage };
    this.#forget();
    if (bytes > this.#max) {
      this.#handlers.skipped({ reason: `an event of more than ${this.#max} bytes`, bytes, beginning: "" });
    } else if (isMessage && bytes > 1) this.#handlers.data(Buffer.concat(data));
  }

  #forget(): void {
    this.#data = [];
    this.#bytes = 0;
    this.#isMessage = true;
  }
}

const DATA = Buffer.from("data:");
const EVENT = Buffer.from("event:");
const SPACE = 0x20;
