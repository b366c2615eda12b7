type Json = Record<string, unknown>;

/** A peer of JSON-RPC, a message a line; what it is asked is answered at once. */
export class Peer {
  readonly #out: NodeJS.WritableStream;
  readonly #asked = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly #awaited = new Map<string, (params: unknown) => void>();
  readonly #answer: (method: string, params: unknown) => unknown;
  #id = 0;

  constructor(
    out: NodeJS.WritableStream,
    lines: AsyncIterable<string>,
    answer: (method: string, params: unknown) => unknown,
  ) {
    this.#out = out;
    this.#answer = answer;
    void this.#read(lines);
  }

  ask(method: string, params: Json): Promise<unknown> {
    const id = ++this.#id;
    this.#write({ id, method, params });
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
  }

  tell(method: string, params: Json): void {
    this.#write({ method, params });
  }

  /** The next message that is no question and has this name. */
  next(method: string): Promise<unknown> {
    return new Promise((resolve) => this.#awaited.set(method, resolve));
  }

  #write(message: Json): void {
    this.#out.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  }

  async #read(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      if (!line.startsWith("{")) continue;
      const { id, method, params, result, error } = JSON.parse(line) as Json;
      if (typeof method === "string" && id !== undefined)
        this.#write({ id, result: this.#answer(method, params) });
      else if (typeof method === "string") this.#awaited.get(method)?.(params);
      else if (error === undefined) this.#asked.get(id as number)?.resolve(result);
      else this.#asked.get(id as number)?.reject(new Error(JSON.stringify(error)));
    }
  }
}
