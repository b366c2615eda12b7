import { beforeAll, describe, expect, it } from "vitest";
import type { AuditEvent } from "../../src/event/event.ts";
import { FORMATS } from "../../src/forward/formats/formats.ts";
import { readArchive } from "../vectors.ts";
import { eventsOf } from "./sending.ts";

let events: AuditEvent[];
beforeAll(async () => {
  events = await eventsOf([
    {
      type: "tool.execute",
      category: "tool_call",
      phase: "completed",
      status: "error",
      severity: "ERROR",
      summary: "Refund of invoice 42",
      error: "The card was declined.",
      actor: { type: "user", id: "ada", label: "Ada" },
      agent: "billing",
      tool: "refund",
      resource: { type: "invoice", id: "42" },
      runId: "run-1",
      conversationId: "chat-1",
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      callId: "call-1",
      durationMs: 120,
      model: "claude-opus-4-7",
      usage: { input: 10, output: 5 },
      costUsd: "0.0012",
      occurredAt: Date.UTC(2026, 9, 1, 12) * 1_000,
      data: { arguments: { amount: "10.00" } },
    },
    { type: "approval.asked", status: "denied", severity: "WARN", agent: "x|y=z\\", summary: "a=b|c\nd" },
    { type: "note.written" },
  ]);
});

type Definition = {
  extends?: string;
  attributes?: Record<string, { requirement?: string; enum?: object; type?: string; object_type?: string }>;
};

const PROFILES = ["ai_operation", "trace", "security_control"];
/** The schema computes these from the class; its files say nothing of them. */
const COMPUTED = ["class_uid", "category_uid", "type_uid"];

/** What OCSF's own schema says of a class or an object, with what it extends and the profiles that it includes. */
class Ocsf {
  readonly #files: ReadonlyMap<string, unknown>;

  constructor(files: ReadonlyMap<string, string>) {
    const schemas = [...files].filter(([path]) => path.endsWith(".json") && !path.includes("/._"));
    this.#files = new Map(schemas.map(([path, text]) => [path, JSON.parse(text)]));
  }

  profile(name: string): Required<Definition>["attributes"] {
    return (this.#files.get(`profiles/${name}.json`) as Required<Definition>).attributes;
  }

  attributes(folder: "events" | "objects", name: string): Required<Definition>["attributes"] {
    const path = [...this.#files.keys()].find(
      (it) => it.startsWith(`${folder}/`) && (it.endsWith(`/${name}.json`) || it.endsWith(`/_${name}.json`)),
    );
    const definition = this.#files.get(path ?? "") as Definition | undefined;
    if (definition === undefined) throw new Error(`OCSF has no ${folder} ${name}`);
    const inherited =
      definition.extends === undefined ? {} : this.attributes(folder, definition.extends.replace(/^_/, ""));
    return { ...inherited, ...this.#whole(definition.attributes ?? {}) };
  }

  #whole(attributes: Record<string, unknown>): Required<Definition>["attributes"] {
    const { $include: included = [], ...own } = attributes as { $include?: string[] };
    const from = included.map((path) => {
      const part = this.#whole((this.#files.get(path) as Definition | undefined)?.attributes ?? {});
      const profile = /^profiles\/(\w+)\.json$/.exec(path)?.[1];
      if (profile === undefined || PROFILES.includes(profile)) return part;
      // What a profile requires counts for events that declare it.
      return Object.fromEntries(
        Object.entries(part).map(([name, rule]) => [name, { ...rule, requirement: "optional" }]),
      );
    });
    return Object.assign({}, ...from, own);
  }

  /** Every path of the value that the schema does not know, lacks, or has another value for. */
  *problems(
    value: Record<string, unknown>,
    attributes: Required<Definition>["attributes"],
    at = "",
  ): Generator<string> {
    const dictionary = (this.#files.get("dictionary.json") as Required<Definition>).attributes;
    for (const [name, { requirement }] of Object.entries(attributes)) {
      if (requirement === "required" && value[name] === undefined) yield `${at}${name} is required`;
    }
    for (const [name, given] of Object.entries(value)) {
      const known = attributes[name];
      if (known === undefined) {
        yield `${at}${name} is not known`;
        continue;
      }
      const word = dictionary[name];
      const values = { ...word?.enum, ...known.enum };
      if (COMPUTED.includes(name)) continue;
      if (Object.keys(values).length > 0 && !Object.hasOwn(values, String(given))) {
        yield `${at}${name} must not be ${given}`;
      }
      const type = word?.object_type ?? word?.type ?? "";
      if (name === "unmapped" || type === "object" || type === "json_t") continue;
      for (const one of Array.isArray(given) ? given : [given]) {
        if (typeof one !== "object" || one === null) continue;
        yield* this.problems(
          one as Record<string, unknown>,
          this.attributes("objects", type),
          `${at}${name}.`,
        );
      }
    }
  }
}

const SCHEMA = readArchive("ocsf-schema/ocsf-schema-1.8.0.tar.gz");

describe("ocsf", () => {
  it.skipIf(SCHEMA === null)(
    "is valid by the schema that OCSF publishes, 1.8.0, for every kind of event",
    () => {
      const schema = new Ocsf(SCHEMA ?? new Map());
      for (const event of events) {
        const problems = [
          ...schema.problems(FORMATS.ocsf.render(event) as Record<string, unknown>, {
            ...schema.attributes("events", "api_activity"),
            ...schema.attributes("events", "base_event"),
            ...schema.profile("security_control"),
          }),
        ];
        expect([event.type, problems]).toEqual([event.type, []]);
      }
    },
  );

  it("says what happened, who, with what, and loses nothing", () => {
    expect(FORMATS.ocsf.render(events[0] as AuditEvent)).toMatchObject({
      class_uid: 6003,
      category_uid: 6,
      type_uid: expect.any(Number),
      time: Date.UTC(2026, 9, 1, 12),
      severity_id: 4,
      status_id: 2,
      duration: 120,
      message: "Refund of invoice 42",
      metadata: { version: "1.8.0", profiles: expect.arrayContaining(PROFILES) },
      unmapped: { category: "tool_call", cost_usd: "0.0012", data: { arguments: { amount: "10.00" } } },
    });
    const text = JSON.stringify(FORMATS.ocsf.render(events[0] as AuditEvent));
    for (const piece of [
      "ada",
      "billing",
      "refund",
      "invoice",
      "run-1",
      "chat-1",
      "claude-opus-4-7",
      "call-1",
    ]) {
      expect(text).toContain(piece);
    }
  });
});

describe("the other renderings", () => {
  it("cloudevents: required attributes, names of letters and digits, the trace as W3C writes it", () => {
    for (const event of events) {
      const rendered = FORMATS.cloudevents.render(event) as Record<string, unknown>;
      expect(rendered).toMatchObject({ specversion: "1.0", id: event.id, type: `daybook.${event.type}` });
      expect(rendered.source).toMatch(/^\/tenants\/default\/agents\/[^\s|\\]+$/);
      for (const name of Object.keys(rendered)) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
      for (const [name, value] of Object.entries(rendered)) {
        if (name !== "data") expect([name, typeof value]).toEqual([name, "string"]);
      }
    }
    expect(FORMATS.cloudevents.render(events[0] as AuditEvent)).toMatchObject({
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      subject: "42",
      time: "2026-10-01T12:00:00.000000Z",
    });
  });

  it("ecs: nested fields, nanoseconds, an outcome of its three words", () => {
    expect(FORMATS.ecs.render(events[0] as AuditEvent)).toMatchObject({
      "@timestamp": "2026-10-01T12:00:00.000000Z",
      event: { action: "tool.execute", outcome: "failure", duration: 120_000_000, kind: "event" },
      user: { id: "ada", name: "Ada" },
      trace: { id: "0af7651916cd43dd8448eb211c80319c" },
      error: { message: "The card was declined." },
      organization: { id: "default" },
    });
    for (const event of events) {
      const { event: about } = FORMATS.ecs.render(event) as { event: { outcome: string } };
      expect(["success", "failure", "unknown"]).toContain(about.outcome);
    }
  });

  it("cef: one line, seven header fields, separators escaped", () => {
    for (const event of events) {
      const line = FORMATS.cef.render(event) as string;
      expect(line).not.toMatch(/[\r\n]/);
      const fields = line.split(/(?<!\\)(?:\\\\)*\|/);
      expect(fields[0]).toBe("CEF:0");
      expect(fields.length).toBeGreaterThanOrEqual(8);
      expect(line).toContain(`externalId=${event.id}`);
    }
    expect(FORMATS.cef.render(events[1] as AuditEvent)).toContain("msg=a\\=b|c\\nd");
    expect(FORMATS.cef.render(events[1] as AuditEvent)).toContain("deviceProcessName=x|y\\=z\\\\");
  });

  it("otlp: a log record with its id, its trace and its severity", () => {
    expect(FORMATS.otlp.render(events[0] as AuditEvent)).toMatchObject({
      timeUnixNano: `${Date.UTC(2026, 9, 1, 12)}000000`,
      severityText: "ERROR",
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
    });
  });

  it("native: every field under its wire name", () => {
    expect(FORMATS.native.render(events[2] as AuditEvent)).toMatchObject({
      id: events[2]?.id,
      event_type: "note.written",
    });
  });
});
