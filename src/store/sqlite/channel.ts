import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { messageOf, TrailError } from "../../base/error.ts";
import type { Answer, Calls, WorkerStart } from "./protocol.ts";

/** Enough for what one call makes; the default lets an idle thread keep three times as much. */
const YOUNG_MIB = 8;

interface Waiting {
  resolve(output: never): void;
  reject(error: Error): void;
}

/**
 * Calls to a worker thread that starts with the first of them. It holds the process alive while a
 * call is under way and never else; when it dies, its calls reject and the next one starts another.
 */
export class WorkerChannel<C extends Calls<C>> {
  readonly #module: string;
  readonly #start: WorkerStart;
  readonly #onNotice: () => void;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #lastId = 0;

  /** `module` is the file's name beside this one, without its ending. */
  constructor(module: string, start: WorkerStart, onNotice: () => void) {
    this.#module = module;
    this.#start = start;
    this.#onNotice = onNotice;
  }

  call<K extends keyof C & string>(call: K, input: C[K]["in"]): Promise<C[K]["out"]> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#worker ??= this.#spawn();
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, call, input });
    });
  }

  /** Lets the worker close its file and end. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    await this.call("close", null);
    worker.ref();
    await ended;
  }

  #spawn(): Worker {
    // The sources run as .ts, the build as .js; the neighbor has the same ending as this file.
    const url = new URL(`./${this.#module}${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(url, {
      workerData: this.#start,
      name: `daybook ${this.#module}`,
      // What the process was started with (`--input-type`, `--import` …) is not meant for this thread.
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    worker.unref();
    worker.on("message", (message: Answer | string) => {
      if (typeof message === "string") this.#onNotice();
      else this.#settle(message);
    });
    worker.on("error", (thrown) => this.#lose(worker, thrown));
    worker.on("exit", () => this.#lose(worker, undefined));
    return worker;
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if (answer.error === undefined) {
      waiting.resolve(answer.output as never);
    } else {
      const { code, message, fix } = answer.error;
      waiting.reject(new TrailError(code, message, fix === undefined ? {} : { fix }));
    }
  }

  #lose(worker: Worker, thrown: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const why = thrown === undefined ? "" : `: ${messageOf(thrown)}`;
    const error = new TrailError("store.unavailable", `The store's ${this.#module} thread ended${why}.`, {
      fix: "Try again; a new one starts.",
      cause: thrown,
    });
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
