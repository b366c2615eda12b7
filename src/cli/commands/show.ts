import { TrailError } from "../../base/error.ts";
import type { AuditEvent } from "../../event/event.ts";
import { FIELDS } from "../../event/fields.ts";
import { toWire, type WireEvent } from "../../event/wire.ts";
import type { Trail } from "../../trail/trail.ts";
import type { Command } from "../command.ts";
import { statusStyle } from "../event-table.ts";
import { type Printer, visible } from "../print.ts";
import { openExisting } from "../wire.ts";

const CHILDREN_MAX = 20;
const INDENT = "  ";

export const show: Command = {
  name: "show",
  summary: "Show everything about one event, and the events it belongs with.",
  argument: { name: "id", doc: "the event's id, or its seq" },
  examples: ["daybook show 1", "daybook show 0199c5e6-1f3a-7b7e-9d3a-4a3f0c6f2b11 --json"],
  async run(call) {
    const { argument, settings, out } = call;
    await using trail = openExisting(call);
    const event = await find(trail, argument);
    if (event === null) {
      throw new TrailError("event.not_found", `There is no event ${argument.slice(0, 100)}.`, {
        field: "id",
        fix: "daybook list shows what there is; --tenant names another log.",
      });
    }
    if (settings.on("json")) await out.json(toWire(event));
    else {
      await printFields(out, toWire(event));
      await printRelations(out, await relationsOf(trail, event));
    }
    return 0;
  },
};

async function find(trail: Trail, argument: string): Promise<AuditEvent | null> {
  if (!/^\d{1,15}$/.test(argument)) return trail.events.get(argument.toLowerCase());
  const seq = Number(argument);
  const { events } = await trail.events.list({ filter: { seq: { min: seq, max: seq } }, limit: 1 });
  return events[0] ?? null;
}

async function printFields(out: Printer, wire: WireEvent): Promise<void> {
  const named = FIELDS.map(({ wire: name }) => name as keyof WireEvent).filter(
    (name) => name !== "data" && wire[name] !== null && wire[name] !== false,
  );
  const width = Math.max(...named.map((name) => name.length));
  for (const name of named) {
    const value = wire[name];
    const text = visible(typeof value === "object" ? JSON.stringify(value) : String(value));
    const style = name === "status" ? statusStyle(wire.status) : undefined;
    await out.line(`${out.paint("dim", name.padEnd(width))}  ${style ? out.paint(style, text) : text}`);
  }
  const { data } = wire;
  if (data === null || Object.keys(data).length === 0) return;
  await out.line(out.paint("dim", "data"));
  for (const line of JSON.stringify(data, null, 2).split("\n")) await out.line(INDENT + visible(line));
}

/** What stands around an event: its other half, what it is nested under, what is nested under it. */
interface Relation {
  readonly word: string;
  readonly id: string;
  readonly event: AuditEvent | null;
}

async function relationsOf(trail: Trail, event: AuditEvent): Promise<Relation[]> {
  const relations: Relation[] = [];
  const named = async (word: string, id: string | null): Promise<void> => {
    if (id !== null) relations.push({ word, id, event: await trail.events.get(id) });
  };
  await named("started by", event.startId);
  await named("nested under", event.parentId);
  const found = async (word: string, filter: { startId: string } | { parentId: string }): Promise<void> => {
    const { events } = await trail.events.list({ filter, limit: CHILDREN_MAX, direction: "asc" });
    for (const other of events) relations.push({ word, id: other.id, event: other });
  };
  if (event.phase !== "completed") await found("completed by", { startId: event.id });
  await found("has under it", { parentId: event.id });
  return relations;
}

async function printRelations(out: Printer, relations: readonly Relation[]): Promise<void> {
  if (relations.length > 0) await out.line("");
  for (const { word, id, event } of relations) {
    const what =
      event === null
        ? "not in the log"
        : [event.type, event.tool, event.status].filter((part) => part !== null).join(" ");
    await out.line(`${out.paint("dim", word)}  ${visible(id)}  ${visible(what)}`);
  }
}
