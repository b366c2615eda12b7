import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openTrail, type Trail } from "../../src/index.ts";
import { onEachStore } from "../parity/trails.ts";

const actor = { type: "user", id: "ada", label: "Ada" };
const siem = { tenant: "acme", kind: "forwarder", id: "siem", actor };

onEachStore("settings", (opened) => {
  const settings = () => opened.trail.settings;

  it("are read back exactly as saved, with their version and times", async () => {
    const value = {
      headers: { authorization: "AKIAIOSFODNN7EXAMPLE" },
      mail: "ada@example.com",
      empty: null,
    };
    const made = await settings().save({ ...siem, value });
    expect(made).toMatchObject({ tenant: "acme", kind: "forwarder", id: "siem", value, version: 1, actor });
    expect(await settings().get(siem)).toEqual(made);
    const saved = await settings().save({ ...siem, value: "other" });
    expect(saved).toMatchObject({ value: "other", version: 2, createdAt: made.createdAt });
    expect(saved.updatedAt).toBeGreaterThanOrEqual(made.updatedAt);
    expect(await settings().get({ ...siem, tenant: "other" })).toBeNull();
    expect(await settings().get({ ...siem, kind: "key" })).toBeNull();
  });

  it("that must not exist yet are made once, whoever else makes them", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => settings().save({ ...siem, value: i, expected: 0 })),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(results[0]?.status).toBe("fulfilled");
    for (const result of results.slice(1)) {
      expect(result).toMatchObject({ reason: { code: "setting.conflict", httpStatus: 409 } });
    }
    expect(await settings().get(siem)).toMatchObject({ value: 0, version: 1 });
  });

  it("expect the version that was read", async () => {
    await settings().save({ ...siem, value: "a", expected: 0 });
    await settings().save({ ...siem, value: "b", expected: 1 });
    await expect(settings().save({ ...siem, value: "c", expected: 1 })).rejects.toMatchObject({
      code: "setting.conflict",
    });
    await expect(settings().remove({ ...siem, expected: 1 })).rejects.toMatchObject({
      code: "setting.conflict",
    });
    expect(await settings().get(siem)).toMatchObject({ value: "b", version: 2 });
    expect(await settings().remove({ ...siem, expected: 2 })).toBe(true);
  });

  it("that were removed are gone, and begin anew when they are made again", async () => {
    const first = await settings().save({ ...siem, value: "a" });
    await settings().save({ ...siem, value: "b" });
    expect(await settings().remove(siem)).toBe(true);
    expect(await settings().remove(siem)).toBe(false);
    expect(await settings().get(siem)).toBeNull();
    expect((await settings().list({ kind: "forwarder" })).total).toBe(0);
    const again = await settings().save({ ...siem, value: "c", expected: 0 });
    expect(again).toMatchObject({ value: "c", version: 1 });
    expect(again.createdAt).toBeGreaterThanOrEqual(first.createdAt);
  });

  it("are listed by tenant and kind, by creation or change, a page at a time", async () => {
    for (const id of ["a", "b", "c"]) await settings().save({ ...siem, id, value: id });
    await settings().save({ ...siem, tenant: "other", id: "d", value: "d" });
    await settings().save({ ...siem, kind: "key", id: "e", value: "e" });
    await settings().save({ ...siem, id: "a", value: "a2" });
    const ids = async (query: object) => {
      const { settings: found, total } = await settings().list({ kind: "forwarder", ...query });
      return [found.map(({ id }) => id).join(""), total];
    };
    expect(await ids({ tenant: "acme" })).toEqual(["cba", 3]);
    expect(await ids({ tenant: "acme", direction: "asc" })).toEqual(["abc", 3]);
    expect(await ids({ tenant: "acme", order: "updated" })).toEqual(["acb", 3]);
    expect(await ids({ tenant: "acme", offset: 1, limit: 1 })).toEqual(["b", 3]);
    expect(await ids({})).toEqual(["dcba", 4]);
    expect((await settings().all({ kind: "forwarder" })).map(({ id }) => id).join("")).toBe("abcd");
  });

  it("are events that tell who changed what, and survive a rebuild", async () => {
    await settings().save({ ...siem, value: "a" });
    await settings().remove(siem);
    await settings().save({ ...siem, id: "kept", value: { deep: [1, 2] } });
    const { events } = await opened.trail.events.list({ tenant: "daybook", direction: "asc" });
    expect(events.map(({ type, actor: by, resource }) => [type, by.id, resource.id])).toEqual([
      ["setting.saved", "ada", "siem"],
      ["setting.removed", "ada", "siem"],
      ["setting.saved", "ada", "kept"],
    ]);
    const before = await settings().list({ kind: "forwarder" });
    await opened.trail.rebuild({ tenant: "daybook" });
    expect(await settings().list({ kind: "forwarder" })).toEqual(before);
  });

  it("tell those who watch", async () => {
    let told = 0;
    const stop = await settings().watch(() => told++);
    await opened.trail.recordDurably({ type: "other" });
    await settings().save({ ...siem, value: 1 });
    await expect.poll(() => told).toBeGreaterThan(0);
    stop();
    const before = told;
    await settings().save({ ...siem, value: 2 });
    await opened.trail.recordDurably({ type: "other" });
    expect(told).toBe(before);
  });

  it.each(["", "x".repeat(513)])("refuse the id %j", async (id) => {
    await expect(settings().save({ ...siem, id, value: 1 })).rejects.toMatchObject({ code: "event.invalid" });
  });

  it("refuse what is larger than an event may be", async () => {
    await expect(settings().save({ ...siem, value: "x".repeat(1_100_000) })).rejects.toMatchObject({
      code: "event.too_large",
    });
  });

  it("cannot be forged by recording", async () => {
    const forged = { tenant: "daybook", type: "setting.saved", data: { ...siem, value: "forged" } };
    expect(() => opened.trail.record(forged)).toThrow('The tenant must not be the reserved "daybook".');
    await expect(opened.trail.recordDurably(forged)).rejects.toMatchObject({ field: "tenant" });
    const draft = { id: "0198c5f0-0000-7000-8000-000000000001", environment: "production" };
    const line = { ...draft, tenant: "daybook", event_type: "setting.saved", severity: "INFO" as const };
    expect(() => opened.trail.append([line])).toThrow("reserved");
    expect(() => openTrail(":memory:", { tenant: "daybook" })).toThrow("tenant must not be the reserved");
    expect(await settings().get(siem)).toBeNull();
  });
});

let folder = "";
let trails: Trail[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "daybook-"));
  trails = [1, 2].map(() => openTrail(join(folder, "daybook.db")));
});
afterEach(async () => {
  for (const trail of trails) await trail.close();
  await rm(folder, { recursive: true });
});

it("settings of one trail are seen by another on the same file, which is told of them", async () => {
  const [one, two] = trails as [Trail, Trail];
  let told = 0;
  const stop = await two.settings.watch(() => told++);
  await one.settings.save({ ...siem, value: "a" });
  await expect.poll(() => told).toBeGreaterThan(0);
  expect(await two.settings.get(siem)).toMatchObject({ value: "a" });
  const both = await Promise.allSettled(
    [one, two].map((trail, i) => trail.settings.save({ ...siem, id: "new", value: i, expected: 0 })),
  );
  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  stop();
});
