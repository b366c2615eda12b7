import type { Context } from "hono";
import { TrailError } from "../../base/error.ts";
import { readEntry } from "../../event/leaf.ts";
import { mayRead } from "../../trail/access-scope.ts";
import type { EventProof } from "../../trail/seal/log.ts";
import { type Access, denied } from "../access.ts";
import type { Route } from "../routing.ts";
import type { ServerState } from "../server-state.ts";

/** A complete tile never changes; a partial one of a given width neither. */
const IMMUTABLE = "public, max-age=31536000, immutable";

/** The Merkle log of the tenant, for tools that read C2SP tlog-tiles, and proofs as JSON. */
export function logRoutes(route: Route, state: ServerState): void {
  const { log } = state.trail;

  route("get", "/api/v1/log/checkpoint", async (c, { tenant }) => {
    const note = await log.checkpoint({ tenant });
    if (note === null) throw notFound("Nothing is sealed yet.");
    return c.body(note, 200, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-cache" });
  });

  route("get", "/api/v1/log/keys", async (c, { tenant }) => c.json({ data: await log.keys({ tenant }) }));

  route("get", "/api/v1/log/witnesses", async (c, { tenant }) =>
    c.json({ data: await log.witnesses({ tenant }) }),
  );

  route("get", "/api/v1/log/tile/{path}", async (c, access) => {
    const path = c.req.path.slice("/api/v1/log/".length);
    if (path.startsWith("tile/entries/") && !access.platform)
      throw denied("Bundles of entries hold every environment, and who read what.");
    const tile = await log.tile(path, { tenant: access.tenant });
    if (tile === null) throw notFound("The log has no such tile, or no longer.");
    return c.body(Uint8Array.from(tile), 200, {
      "Content-Type": "application/octet-stream",
      "Cache-Control": access.keyId === null ? IMMUTABLE : IMMUTABLE.replace("public", "private"),
      "X-Content-Type-Options": "nosniff",
    });
  });

  route("get", "/api/v1/log/proof/inclusion", (c, access) => inclusion(c, access, state));

  route("get", "/api/v1/log/proof/consistency", async (c, { tenant }) => {
    const first = numberOf(c, "first") ?? required("first");
    const proof = await log.consistency(first, numberOf(c, "second"), { tenant });
    return c.json({ first, second: proof.second, hashes: proof.hashes });
  });
}

/** By `id` or `seq` with the leaf and the checkpoint; by `leaf_index`, and `tree_size`, the path alone. */
async function inclusion(c: Context, access: Access, state: ServerState): Promise<Response> {
  const scope = { tenant: access.tenant };
  const leafIndex = numberOf(c, "leaf_index");
  if (leafIndex !== undefined) {
    const proof = await state.trail.log.inclusion(leafIndex, numberOf(c, "tree_size"), scope);
    return c.json({ leaf_index: leafIndex, tree_size: proof.size, hashes: proof.hashes });
  }
  const event = c.req.query("id") ?? numberOf(c, "seq") ?? required("id");
  const proof = await state.trail.proof(event, scope);
  if (!isReached(access, proof)) throw new TrailError("event.not_found", "There is no event with this id.");
  if (c.req.query("format") === "tlog-proof") {
    return c.body(proof.file, 200, { "Content-Type": "text/plain; charset=utf-8" });
  }
  const { index, size, hashes, checkpoint, leaf } = proof;
  return c.json({ leaf_index: index, tree_size: size, hashes, checkpoint, leaf });
}

function isReached(access: Access, { leaf }: EventProof): boolean {
  if (leaf === null) return access.environments === null;
  const environment = readEntry(leaf.entry)?.environment;
  return typeof environment === "string" && mayRead(access, environment);
}

function numberOf(c: Context, name: string): number | undefined {
  const text = c.req.query(name);
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw new TrailError("query.invalid", `${name} must be a whole number.`, { field: name });
  return Number(text);
}

function required(name: string): never {
  throw new TrailError("query.invalid", `${name} is required.`, { field: name });
}

function notFound(what: string): TrailError {
  return new TrailError("log.not_sealed", what, { fix: "A server seals within two seconds of an event." });
}
