/** Things that began and may never be heard of again, in an agent that runs for months. */
const ENTRIES_MAX = 10_000;

/** A map that forgets its oldest entry where there are too many. */
export class BoundedMap<K, V> extends Map<K, V> {
  override set(key: K, value: V): this {
    super.set(key, value);
    if (this.size > ENTRIES_MAX) this.delete(this.keys().next().value as K);
    return this;
  }

  /** The value, which is then no more in the map. */
  take(key: K): V | undefined {
    const value = this.get(key);
    this.delete(key);
    return value;
  }
}
