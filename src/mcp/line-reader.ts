/** What the reader finds in a stream of bytes. */
export interface LineHandlers {
  /** A whole line without its end, which may be empty. The bytes are the reader's only until the function returns. */
  line(bytes: Buffer): void;
  /** Bytes that are no line to be read: too long, never ended, or with a hole in them. */
  skipped(what: { reason: string; bytes: number; beginning: string }): void;
}

const LF = 0x0a;
const EMPTY = Buffer.alloc(0);
const BEGINNING_BYTES = 200;

/**
 * Cuts a copy of a stream into lines. Holds at most `lineBytesMax` of it: a longer line is counted to
 * its end and told with its beginning.
 */
export class LineReader {
  readonly #max: number;
  readonly #handlers: LineHandlers;
  #pieces: Buffer[] = [];
  /** Bytes of the line under way, with those that are not held. */
  #bytes = 0;
  #beginning = "";
  #skipping: string | null = null;

  constructor(lineBytesMax: number, handlers: LineHandlers) {
    this.#max = lineBytesMax;
    this.#handlers = handlers;
  }

  feed(chunk: Buffer): void {
    let at = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, at)) {
      this.#take(chunk.subarray(at, end));
      this.#finish();
      at = end + 1;
    }
    if (at < chunk.length) this.#take(chunk.subarray(at));
  }

  /** So many bytes were not fed: what is under way is no whole line, and the next one begins behind a line end. */
  hole(bytes: number, reason: string): void {
    this.#skip(reason);
    this.#bytes += bytes;
  }

  /** The stream is over. */
  end(): void {
    if (this.#bytes === 0) return;
    this.#skip("the stream ended within a line");
    this.#finish();
  }

  #take(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#bytes += piece.length;
    if (this.#skipping !== null) return;
    this.#pieces.push(piece);
    if (this.#bytes > this.#max) this.#skip(`a line of more than ${this.#max} bytes`);
  }

  #skip(reason: string): void {
    if (this.#skipping !== null) return;
    this.#skipping = reason;
    this.#beginning = Buffer.concat(this.#pieces).toString("utf8", 0, BEGINNING_BYTES);
    this.#pieces = [];
  }

  #finish(): void {
    if (this.#bytes === 0) {
      this.#handlers.line(EMPTY);
      return;
    }
    const { bytes, reason, beginning } = {
      bytes: this.#bytes,
      reason: this.#skipping,
      beginning: this.#beginning,
    };
    const [only = EMPTY, ...more] = this.#pieces;
    this.#pieces = [];
    this.#bytes = 0;
    this.#skipping = null;
    if (reason !== null) this.#handlers.skipped({ reason, bytes, beginning });
    else this.#handlers.line(more.length === 0 ? only : Buffer.concat([only, ...more]));
  }
}
