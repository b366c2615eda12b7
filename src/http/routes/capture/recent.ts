/** What was seen last, by name, each tenant's by itself; the oldest goes where there is too much. */
export class Recent<T> {
  readonly #kept = new Map<string, T>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  of(tenant: string): { get(name: string): T | undefined; set(name: string, value: T): void } {
    const key = (name: string): string => JSON.stringify([tenant, name]);
    return {
      get: (name) => this.#kept.get(key(name)),
      set: (name, value) => {
        this.#kept.delete(key(name));
        this.#kept.set(key(name), value);
        const [oldest] = this.#kept.keys();
        if (this.#kept.size > this.#max && oldest !== undefined) this.#kept.delete(oldest);
      },
    };
  }
}
