import { createHmac, hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { FIELDS } from "./fields.ts";
import { type Column, columnsOf, commitTo, ENVELOPE, LeafEncoder, PAYLOAD, readEntry } from "./leaf.ts";
import { toEvent } from "./wire.ts";

const saltKey = new Uint8Array(32).fill(7);
const event = toEvent(
  {
    id: "0199a0b0-7abc-7def-8abc-00000000abcd",
    tenant: "default",
    environment: "production",
    event_type: "tool.execute",
    severity: "INFO",
    description: "Überweisung 🧾",
    data: { b: 1, a: [null, "\u2028"] },
    usage: { input: 3 },
  },
  5,
  1_750_000_000_000_001,
);

describe("an entry", () => {
  it("has every field of the table, each once", () => {
    expect([...ENVELOPE, ...PAYLOAD].sort()).toEqual(FIELDS.map(({ wire }) => wire).sort());
  });

  it("is what version 1 says, to the byte", () => {
    const { entry, payload, salt } = new LeafEncoder(saltKey).encode(5, columnsOf(event));
    expect(payload).toBe('["Überweisung 🧾",null,"{\\"b\\":1,\\"a\\":[null,\\"\u2028\\"]}",null]');
    const info = Buffer.from(`daybook/salt/v1\n${event.id}\u0001`);
    expect(Buffer.from(salt)).toEqual(createHmac("sha256", saltKey).update(info).digest());
    const commitment = hash(
      "sha256",
      Buffer.concat([Buffer.from("daybook/payload/v1\n"), salt, Buffer.from(payload)]),
    );
    expect(entry).toBe(
      `["daybook/entry/v1","${event.id}",5,"default","production",1750000000000001,1750000000000001,` +
        `"tool.execute",null,null,null,"INFO",null,null,null,null,null,null,null,null,null,null,null,null,null,` +
        `null,null,null,null,null,null,null,"{\\"input\\":3}",null,null,0,null,null,null,"${commitment}"]`,
    );
    expect(commitTo(payload, salt)).toBe(commitment);
    expect(readEntry(entry)).toMatchObject({ seq: 5, event_type: "tool.execute", commitment });
  });

  it("changes with every column", () => {
    const encoder = new LeafEncoder(saltKey);
    const columns = columnsOf(event);
    const entries = new Set([encoder.encode(5, columns).entry]);
    const all: Column[] = [...ENVELOPE, ...PAYLOAD];
    for (const changed of all) {
      entries.add(encoder.encode(5, (column) => (column === changed ? "changed" : columns(column))).entry);
    }
    expect(entries.size).toBe(all.length + 1);
  });

  it("can be made of whatever a damaged file holds", () => {
    const encoder = new LeafEncoder(saltKey);
    for (const value of [10n ** 30n, new Uint8Array(3), 1.5, null, "x".repeat(100_000), "\ud800"]) {
      expect(encoder.encode(1, () => value).entry).toMatch(/^\["daybook/);
    }
  });

  it("is not read from other text", () => {
    for (const text of ["", "{}", "[]", '["daybook/entry/v2"]', "null"]) expect(readEntry(text)).toBeNull();
  });
});
