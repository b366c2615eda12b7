import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkEvidence } from "../../src/evidence/check.ts";
import { parseCheckpoint } from "../../src/tlog/checkpoint.ts";
import { leafHash } from "../../src/tlog/hash.ts";
import { isSignedBy, parseVerifier } from "../../src/tlog/note.ts";
import { verifyConsistency, verifyInclusion } from "../../src/tlog/proof.ts";
import { parseProofFile } from "../../src/tlog/proof-file.ts";
import { openServer, type TestServer } from "./server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await openServer();
  for (let n = 0; n < 300; n++) server.trail.record({ type: "tool.execute", summary: `call ${n}` });
  await server.trail.flush();
});
afterAll(() => server.close());

const decode = (hashes: unknown): Uint8Array[] =>
  (hashes as string[]).map((hash) => Buffer.from(hash, "base64"));

describe("the log over HTTP", () => {
  it("says that nothing is sealed yet", async () => {
    for (const path of ["checkpoint", "proof/inclusion?seq=1", "tile/0/000.p/1"]) {
      const { status, json } = await server.request(`/api/v1/log/${path}`);
      expect([status, json.errors[0]?.code]).toEqual([404, "log.not_sealed"]);
    }
  });

  it("can be followed and checked by a stranger", async () => {
    await server.trail.seal();
    const { text, headers } = await server.request("/api/v1/log/checkpoint");
    expect(headers.get("content-type")).toContain("text/plain");
    const checkpoint = parseCheckpoint(text);
    const { json } = await server.request("/api/v1/log/keys");
    const [key] = json.data as unknown as Array<{ verifier: string }>;
    const verifier = parseVerifier(key?.verifier ?? "");
    if (checkpoint === null || verifier === null) throw new Error("not parsed");
    expect(isSignedBy(checkpoint.note, verifier)).toBe(true);
    const proof = (await server.request("/api/v1/log/proof/inclusion?seq=77")).json;
    const leaf = leafHash(Buffer.from((proof.leaf as { entry: string }).entry));
    expect(verifyInclusion(leaf, 76, 300, decode(proof.hashes), checkpoint.root)).toBe(true);
    const file = (await server.request("/api/v1/log/proof/inclusion?seq=77&format=tlog-proof")).text;
    expect(parseProofFile(file)?.hashes).toEqual(decode(proof.hashes).map((hash) => Uint8Array.from(hash)));
    const path = (await server.request("/api/v1/log/proof/inclusion?leaf_index=76&tree_size=77")).json;
    const small = (await server.request("/api/v1/log/proof/consistency?first=77")).json;
    expect(path).toMatchObject({ leaf_index: 76, tree_size: 77 });
    expect(small).toMatchObject({ first: 77, second: 300 });
    const tile = await fetch(`${server.url}/api/v1/log/tile/0/000`);
    expect(tile.headers.get("cache-control")).toContain("immutable");
    const hashes = new Uint8Array(await tile.arrayBuffer());
    expect(hashes.slice(76 * 32, 77 * 32)).toEqual(leaf);
    const firstRoot = await server.trail.log.inclusion(76, 77);
    expect(firstRoot.hashes).toEqual(path.hashes);
    expect(verifyConsistency(300, 300, [], checkpoint.root, checkpoint.root)).toBe(true);
  });

  it.each([
    ["proof/inclusion", 400],
    ["proof/inclusion?seq=x", 400],
    ["proof/inclusion?seq=0", 404],
    ["proof/inclusion?id=x", 404],
    ["proof/inclusion?leaf_index=300", 404],
    ["proof/consistency", 400],
    ["proof/consistency?first=301", 404],
    ["tile/0/001", 404],
    ["tile/..%2fkeys", 404],
    ["tile/0/x001/x002/003", 404],
  ])("%s: %i", async (path, status) => {
    expect((await server.request(`/api/v1/log/${path}`)).status).toBe(status);
  });

  it("keeps tenants apart", async () => {
    const headers = { "X-Daybook-Tenant": "nobody" };
    expect((await server.request("/api/v1/log/checkpoint", { headers })).status).toBe(404);
    expect((await server.request("/api/v1/log/proof/inclusion?seq=1", { headers })).status).toBe(404);
  });
});

describe("evidence over HTTP", () => {
  it("is a bundle that its own verifiers accept", async () => {
    const own = await openServer();
    for (let n = 1; n <= 30; n++) own.trail.record({ type: "note", runId: n % 2 ? "odd" : "even" });
    await own.trail.flush();
    expect((await own.request("/api/v1/evidence")).status).toBe(404);
    await own.trail.seal();
    const { text, headers } = await own.request("/api/v1/evidence?filter[run_id]=odd");
    expect(headers.get("content-disposition")).toContain("evidence.ndjson");
    expect(await checkEvidence(text.split("\n"))).toMatchObject({ holds: true });
    expect(text.split("\n").filter((line) => line.includes('"entry"'))).toHaveLength(15);
    const ranged = await own.request("/api/v1/evidence?first=3&last=7");
    expect(JSON.parse(ranged.text.split("\n")[0] ?? "")).toMatchObject({ range: [3, 7], events: 5 });
    expect((await own.request("/api/v1/evidence?first=3")).status).toBe(400);
    expect((await own.request("/api/v1/evidence/verify.py")).text).toMatch(/^#!\/usr\/bin\/env python3/);
    expect((await own.request("/api/v1/evidence/nothing")).status).toBe(404);
    await own.close();
  });
});

it("a verification over HTTP tells its progress and its verdict", async () => {
  await server.trail.seal();
  const { text, headers } = await server.request("/api/v1/log/verify");
  expect(headers.get("content-type")).toBe("application/x-ndjson");
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.at(-1)).toMatchObject({
    verdict: { holds: true, tenant: "default", claims: expect.any(Array) },
  });
  for (const line of lines.slice(0, -1))
    expect(line).toEqual({ done: expect.any(Number), total: expect.any(Number) });
  const nobody = await server.request("/api/v1/log/verify", { headers: { "X-Daybook-Tenant": "nobody" } });
  expect(JSON.parse(nobody.text)).toMatchObject({
    verdict: { claims: [{ standing: "not provable" }, {}, {}, {}, {}] },
  });
});
