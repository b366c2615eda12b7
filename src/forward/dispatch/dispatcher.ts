import type { Forwarder } from "../forwarder.ts";
import type { Shelf } from "../shelf.ts";
import { Follower, type FollowerGround } from "./follower.ts";

/**
 * One follower for each forwarder of every tenant. It learns of new and changed ones from the log,
 * whoever saved them; forwarders that are removed stop.
 */
export class Dispatcher {
  readonly #ground: FollowerGround;
  readonly #shelf: Shelf;
  readonly #following = new Map<string, { follower: Follower; ended: Promise<void> }>();
  readonly #ends: Array<() => void> = [];
  #refreshing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(ground: FollowerGround, shelf: Shelf) {
    this.#ground = ground;
    this.#shelf = shelf;
  }

  async start(): Promise<void> {
    const store = await this.#ground.open();
    this.#ends.push(store.watch(() => this.#wake()));
    this.#ends.push(await this.#ground.settings.watch(() => this.#refreshSoon()));
    this.#refreshSoon();
    await this.#refreshing;
  }

  /** Ends every follower; what they were sending is sent again at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const end of this.#ends) end();
    await this.#refreshing;
    for (const { follower } of this.#following.values()) follower.stop();
    await Promise.all([...this.#following.values()].map(({ ended }) => ended));
  }

  #wake(): void {
    for (const { follower } of this.#following.values()) follower.wake();
  }

  #refreshSoon(): void {
    this.#refreshing = this.#refreshing
      .then(() => this.#refresh())
      .catch((thrown: unknown) => {
        this.#ground.onProblem(thrown instanceof Error ? thrown : new Error(String(thrown)));
      });
  }

  async #refresh(): Promise<void> {
    if (this.#stopped) return;
    const { forwarders, broken } = await this.#shelf.all();
    for (const problem of broken) this.#ground.onProblem(problem);
    const now = new Map(forwarders.map((forwarder) => [nameOf(forwarder), forwarder]));
    for (const [name, { follower }] of this.#following) {
      const forwarder = now.get(name);
      if (forwarder === undefined) {
        follower.stop();
        this.#following.delete(name);
      } else if (hasChanged(follower.forwarder, forwarder)) {
        follower.update(forwarder);
      }
    }
    for (const [name, forwarder] of now) {
      if (this.#following.has(name)) continue;
      const follower = new Follower(this.#ground, forwarder);
      this.#following.set(name, { follower, ended: follower.run() });
    }
  }
}

function nameOf({ tenant, id, incarnation }: Forwarder): string {
  return JSON.stringify([tenant, id, incarnation]);
}

function hasChanged(before: Forwarder, now: Forwarder): boolean {
  return before.version !== now.version || before.paused !== now.paused;
}
