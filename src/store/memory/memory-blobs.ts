import type { BlobQuery, BlobWrite } from "../leaves.ts";

/** Named bytes of tenants. */
export class MemoryBlobs {
  readonly #tenants = new Map<string, Map<string, Uint8Array>>();

  read(tenant: string, name: string): Uint8Array | null {
    return this.#tenants.get(tenant)?.get(name)?.slice() ?? null;
  }

  names({ tenant, prefix, after, limit }: BlobQuery): string[] {
    const names = [...(this.#tenants.get(tenant)?.keys() ?? [])];
    return names
      .filter((name) => name.startsWith(prefix) && (after === undefined || name > after))
      .sort()
      .slice(0, limit);
  }

  write(tenant: string, writes: readonly BlobWrite[]): boolean {
    const blobs = this.#tenants.get(tenant) ?? new Map<string, Uint8Array>();
    this.#tenants.set(tenant, blobs);
    for (const { name, expect } of writes) {
      if (expect !== undefined && !isSame(blobs.get(name), expect)) return false;
    }
    for (const { name, bytes } of writes) {
      if (bytes === null) blobs.delete(name);
      else blobs.set(name, bytes.slice());
    }
    return true;
  }
}

function isSame(there: Uint8Array | undefined, expected: Uint8Array | null): boolean {
  if (there === undefined || expected === null) return there === undefined && expected === null;
  return Buffer.compare(there, expected) === 0;
}
