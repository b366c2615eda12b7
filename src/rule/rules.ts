import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf, TrailError } from "../base/error.ts";

export type RuleKind = "logic" | "transform";

/** A value, or why there is none. */
export type Evaluated =
  | { readonly value: unknown; readonly error?: never }
  | { readonly value?: never; readonly error: string };

export interface Work {
  readonly id: number;
  readonly kind: RuleKind;
  readonly expression: unknown;
  readonly inputs: readonly unknown[];
}

export interface Worked {
  readonly id: number;
  readonly results: Evaluated[];
}

interface Waiting {
  readonly timer: NodeJS.Timeout;
  resolve(results: Evaluated[]): void;
  reject(error: Error): void;
}

const TIME_MS = 1_000;
/** What the start of the process may take on a busy machine. */
const START_MS = 5_000;
const HEAP_MIB = 128;
const IDLE_MS = 10_000;

/**
 * Evaluates JSON Logic and JSONata of users in a process of its own: what takes too long or too much
 * memory loses its process, and nothing else is hurt. A thread would not do: one that runs out of
 * memory takes the whole process with it. It starts when it is first needed, and ends when it is idle.
 */
export class Rules {
  readonly #waiting = new Map<number, Waiting>();
  #child: ChildProcess | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #lastId = 0;

  /**
   * One expression over many inputs, a result each. `logic` gives true or false. Rejects with
   * `rule.failed` where the time (`timeMs`, default 1000, for all of them) is over.
   */
  evaluate(
    kind: RuleKind,
    expression: unknown,
    inputs: readonly unknown[],
    timeMs = TIME_MS,
  ): Promise<Evaluated[]> {
    const id = ++this.#lastId;
    clearTimeout(this.#idleTimer);
    return new Promise((resolve, reject) => {
      const isNew = this.#child === undefined;
      this.#child ??= this.#start();
      const timer = setTimeout(
        () => this.#end(`takes longer than ${timeMs} ms`),
        isNew ? timeMs + START_MS : timeMs,
      );
      this.#waiting.set(id, { timer, resolve, reject });
      this.#child.ref();
      this.#child.channel?.ref();
      this.#child.send({ id, kind, expression, inputs } satisfies Work);
    });
  }

  close(): void {
    clearTimeout(this.#idleTimer);
    this.#end("was stopped");
  }

  #start(): ChildProcess {
    const module = fileURLToPath(new URL(`./evaluator${extname(import.meta.url)}`, import.meta.url));
    const child = fork(module, [], {
      execArgv: [`--max-old-space-size=${HEAP_MIB}`],
      env: {},
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    child.on("message", (message) => this.#settle(message as Worked));
    child.on("error", (thrown) => this.#lose(child, messageOf(thrown)));
    child.on("exit", () => this.#lose(child, "takes too much memory"));
    return child;
  }

  #settle({ id, results }: Worked): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    if (this.#waiting.size === 0) {
      this.#child?.unref();
      this.#child?.channel?.unref();
      this.#idleTimer = setTimeout(() => this.close(), IDLE_MS).unref();
    }
    waiting.resolve(results);
  }

  #lose(child: ChildProcess, why: string): void {
    if (this.#child === child) this.#end(why);
  }

  #end(why: string): void {
    const child = this.#child;
    this.#child = undefined;
    child?.kill("SIGKILL");
    for (const { timer, reject } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new TrailError("rule.failed", `The expression ${why}.`, { fix: "Make it simpler." }));
    }
    this.#waiting.clear();
  }
}
