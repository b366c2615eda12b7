import type { AuditEvent } from "../../event/event.ts";
import { openEvent, protectedIn } from "../../protect/cipher.ts";
import type { Vault } from "../../protect/vault.ts";
import type { Store } from "../../store/store.ts";

/**
 * The store as readers see it: payload that is under a subject's key is opened, or shows as erased where
 * the key is gone. What is hashed and proved goes through untouched: it is the ciphertext.
 */
export function readableStore(store: Store, vault: Vault): Store {
  const open = (event: AuditEvent): AuditEvent => {
    const sealed = protectedIn(event.data);
    return sealed === null ? event : openEvent(event, vault.keyById(sealed.key));
  };
  return {
    append: (lines) => store.append(lines),
    async get(tenant, id) {
      const event = await store.get(tenant, id);
      return event === null ? null : open(event);
    },
    async list(query) {
      const page = await store.list(query);
      return { ...page, events: page.events.map(open) };
    },
    head: (tenant) => store.head(tenant),
    tenants: () => store.tenants(),
    stats: (tenant, since) => store.stats(tenant, since),
    emitters: (tenant) => store.emitters(tenant),
    row: (tenant, view, key) => store.row(tenant, view, key),
    rows: (query) => store.rows(query),
    rebuild: (tenant) => store.rebuild(tenant),
    facets: (query) => store.facets(query),
    count: (query) => store.count(query),
    prune: (order) => store.prune(order),
    leaves: (query) => store.leaves(query),
    entries: (query) => store.entries(query),
    blob: (tenant, name) => store.blob(tenant, name),
    blobNames: (query) => store.blobNames(query),
    writeBlobs: (tenant, writes) => store.writeBlobs(tenant, writes),
    watch: (listener) => store.watch(listener),
    describe: () => store.describe(),
    close: () => store.close(),
  };
}
