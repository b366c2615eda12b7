import { describe, expect, it } from "vitest";
import { toWire, type WireEvent } from "../../src/event/wire.ts";
import { openTrail } from "../../src/index.ts";
import { checkProof, type Proof } from "../../ui/event/check-proof.ts";

async function sealed(count: number, at: number) {
  await using trail = openTrail(":memory:");
  const ids = Array.from({ length: count }, (_, n) =>
    trail.record({
      type: "tool.execute",
      tool: "refund",
      status: "ok",
      agent: "billing",
      actor: { type: "user", id: "ada", label: "Ada" },
      resource: { type: "invoice", id: String(n) },
      runId: "r",
      durationMs: n,
      summary: `Invoice ${n}`,
      data: { b: [1, { z: 1, a: "ü" }], a: n },
    }),
  );
  await trail.flush();
  await trail.seal();
  const { index, size, hashes, checkpoint, leaf } = await trail.proof(ids[at] as string);
  const event = await trail.events.get(ids[at] as string);
  if (event === null || leaf === null) throw new Error("the event is not there");
  const [key] = await trail.log.keys();
  const proof: Proof = { leaf_index: index, tree_size: size, hashes, checkpoint, leaf };
  return { event: toWire(event), proof, leaf, key: key?.verifier ?? "" };
}

describe("the page's own check of a proof", () => {
  it.each([
    [1, 0],
    [2, 1],
    [7, 3],
    [300, 255],
  ])("holds for what was sealed: %i events, number %i", async (count, at) => {
    const { event, proof, key } = await sealed(count, at);
    expect(await checkProof(event, proof, key)).toMatchObject([
      { holds: true },
      { holds: true },
      { holds: true },
    ]);
  });

  it("opens what is under a subject's key, and says of an erased one what is left", async () => {
    await using trail = openTrail(":memory:");
    const id = trail.record({ type: "note", subject: "s", summary: "ü", data: { kind: "k", text: "x" } });
    await trail.flush();
    await trail.seal();
    const [key] = await trail.log.keys();
    const check = async (change: (event: WireEvent) => WireEvent = (event) => event) => {
      const { index, size, hashes, checkpoint, leaf } = await trail.proof(id);
      const event = await trail.events.get(id);
      if (event === null) throw new Error("the event is not there");
      const proof: Proof = { leaf_index: index, tree_size: size, hashes, checkpoint, leaf };
      return (await checkProof(change(toWire(event)), proof, key?.verifier ?? "")).map(({ holds }) => holds);
    };
    expect(await check()).toEqual([true, true, true]);
    expect(await check((event) => ({ ...event, description: "u" }))).toEqual([false, true, true]);
    await trail.erase({ subject: "s" });
    expect(await check()).toEqual([true, true, true]);
    expect(await check((event) => ({ ...event, description: "ü" }))).toEqual([false, true, true]);
  });

  it("fails where it should for each kind of change", async () => {
    const { event, proof, leaf, key } = await sealed(5, 2);
    const other = await sealed(5, 2);
    const verdict = async (...args: Parameters<typeof checkProof>): Promise<boolean[]> =>
      (await checkProof(...args)).map(({ holds }) => holds);
    // The event as it is shown.
    expect(await verdict({ ...event, status: "error" }, proof, key)).toEqual([false, true, true]);
    expect(await verdict({ ...event, data: { ...event.data, a: 3 } }, proof, key)).toEqual([
      false,
      true,
      true,
    ]);
    expect(await verdict({ ...event, description: "Invoice 3" }, proof, key)).toEqual([false, true, true]);
    // What the server says was sealed.
    const entry = leaf.entry.replace('"ok"', '"error"');
    expect(await verdict(event, { ...proof, leaf: { ...leaf, entry } }, key)).toEqual([false, false, true]);
    const payload = leaf.payload.replace("Invoice", "Voucher");
    expect(await verdict(event, { ...proof, leaf: { ...leaf, payload } }, key)).toEqual([false, true, true]);
    // The place, the path, the root, the signature, the key.
    expect(await verdict(event, { ...proof, leaf_index: 3 }, key)).toEqual([true, false, true]);
    expect(await verdict(event, { ...proof, hashes: proof.hashes.toReversed() }, key)).toEqual([
      true,
      false,
      true,
    ]);
    expect(await verdict(event, { ...proof, hashes: [] }, key)).toEqual([true, false, true]);
    const checkpoint = proof.checkpoint.replace("\n5\n", "\n6\n");
    expect(await verdict(event, { ...proof, checkpoint }, key)).toEqual([true, false, false]);
    expect(await verdict(event, proof, other.key)).toEqual([true, true, false]);
    expect(await verdict(event, { ...proof, checkpoint: other.proof.checkpoint }, key)).toEqual([
      true,
      false,
      false,
    ]);
    expect(await verdict(event, { ...proof, leaf: null }, key)).toEqual([false]);
  });
});
