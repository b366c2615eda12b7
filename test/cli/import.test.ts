import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import protobuf from "protobufjs/light.js";
import { describe, expect, it } from "vitest";
import { DESCRIPTOR } from "../../src/ingest/otlp-messages.ts";
import { daybook, emptyFolder, jsonLines, PROGRAM, start, until } from "./daybook.ts";

const LINES = 20_000;
/** So much of the log is written when some of the lines are in and most are not. */
const SOME_BYTES = 2_000_000;
const SAMPLES = fileURLToPath(new URL("../samples/claude-code", import.meta.url));

async function events(folder: string): Promise<Array<Record<string, unknown>>> {
  return jsonLines((await daybook(folder, ["list", "--json", "--limit", "5000", "--asc"])).stdout);
}

const imported = async (folder: string, args: readonly string[]) => {
  const { status, stdout, stderr } = await daybook(folder, ["import", ...args, "--json"]);
  return { status, stderr, counts: jsonLines(stdout)[0] };
};

/** A call of a tool as an export request in protobuf. */
function span(spanId: string): Uint8Array {
  const type = protobuf.Root.fromJSON(DESCRIPTOR).lookupType("TracesData");
  const value = (text: string) => ({ stringValue: text });
  const message = type.fromObject({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                traceId: Buffer.from("5b8efff798038103d269b633813fc60c", "hex"),
                spanId: Buffer.from(spanId, "hex"),
                name: "execute_tool track",
                startTimeUnixNano: "1700000000000000000",
                endTimeUnixNano: "1700000001000000000",
                attributes: [
                  { key: "gen_ai.operation.name", value: value("execute_tool") },
                  { key: "gen_ai.tool.name", value: value("track") },
                ],
              },
            ],
          },
        ],
      },
    ],
  });
  return type.encode(message).finish();
}

describe("daybook import", () => {
  it("brings in a folder of transcripts once, however often it is told", async () => {
    const folder = emptyFolder();
    cpSync(join(SAMPLES, "transcripts"), join(folder, "projects"), { recursive: true });
    const first = await imported(folder, ["projects", "--from", "claude"]);
    expect(first).toMatchObject({ status: 0, stderr: "", counts: { files: 2, refused: 0, known: 0 } });
    const before = await events(folder);
    expect(before).toHaveLength(Number(first.counts?.imported));
    expect(before.every(({ origin }) => origin === "import")).toBe(true);
    const again = await imported(folder, ["projects", "--from", "claude"]);
    expect(again.counts).toMatchObject({ imported: 0, known: before.length });
    expect(await events(folder)).toEqual(before);
    const { stdout } = await daybook(folder, ["tools", "--json"]);
    expect(jsonLines(stdout)).toHaveLength(7);
  });

  it("goes on after a kill in the middle, and nothing is there twice or missing", async () => {
    const folder = emptyFolder();
    const lines = Array.from({ length: LINES }, (_, i) =>
      JSON.stringify({ event_type: "a", duration_ms: i }),
    );
    writeFileSync(join(folder, "events.ndjson"), lines.join("\n"));
    const { child, ended } = start(folder, ["import", "events.ndjson", "--from", "ndjson"]);
    const wal = join(folder, "daybook.db-wal");
    await until(
      () => (statSync(wal, { throwIfNoEntry: false })?.size ?? 0) > SOME_BYTES,
      () => "the first events",
    );
    child.kill("SIGKILL");
    await ended;
    const total = async () =>
      Number(jsonLines((await daybook(folder, ["stats", "--json"])).stdout)[0]?.total);
    const kept = await total();
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(LINES);
    const { status, counts } = await imported(folder, ["events.ndjson", "--from", "ndjson"]);
    expect([status, counts?.known, await total()]).toEqual([0, kept, LINES]);
  }, 120_000);

  it("names a bad line with file, field and rule, keeps the good ones, and says so by its status", async () => {
    const folder = emptyFolder();
    writeFileSync(
      join(folder, "events.ndjson"),
      ['{"event_type":"a"}', "{", '{"event_type":"b","duration_ms":-1}', '{"event_type":"c\\u001b[2J"}'].join(
        "\n",
      ),
    );
    const { status, stderr, counts } = await imported(folder, ["events.ndjson", "--from", "ndjson"]);
    expect([status, counts]).toEqual([2, { files: 1, imported: 2, known: 0, quiet: 0, refused: 2 }]);
    expect(stderr).toMatch(/^daybook: events\.ndjson:2: line is not JSON: /);
    expect(stderr).toContain("daybook: events.ndjson:3: duration_ms must be a whole number");
  });

  it("takes back what our own CSV export wrote, with its ids", async () => {
    const folder = emptyFolder();
    const data = '{"a":"x,\\"y\\"\\nz"}';
    await daybook(folder, ["record", "--type", "a", "--summary", "=1+1", "--data", data]);
    await daybook(folder, ["record", "--type", "b", "--tool", "t"]);
    const server = start(folder, ["serve", "--port", "0", "--json"]);
    await until(
      () => server.said.stdout.includes("\n"),
      () => JSON.stringify(server.said),
    );
    const { url } = JSON.parse(server.said.stdout) as { url: string };
    const csv = await fetch(`${url}/api/v1/events?format=CSV`).then((answer) => answer.text());
    server.child.kill("SIGTERM");
    await server.ended;
    const other = join(folder, "other");
    mkdirSync(other);
    writeFileSync(join(other, "events.csv"), csv);
    expect(await imported(other, ["events.csv", "--from", "csv"])).toMatchObject({ status: 0, stderr: "" });
    const [mine, theirs] = [await events(folder), await events(other)];
    const facts = (all: typeof mine) =>
      all
        .map(({ id, description, tool }) => ({ id, description, tool }))
        .sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
    expect(facts(theirs)).toEqual(facts(mine));
    expect(theirs.find(({ description }) => description === "=1+1")?.data).toMatchObject({ a: 'x,"y"\nz' });
  }, 60_000);

  it("reads the databases of older systems and leaves them as they are", async () => {
    const folder = emptyFolder();
    const path = join(folder, "old.db");
    const db = new DatabaseSync(path);
    db.exec(`CREATE TABLE audit_events (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT NOT NULL, category TEXT NOT NULL,
      action TEXT NOT NULL, agent TEXT NOT NULL DEFAULT '', summary TEXT NOT NULL, detail TEXT NOT NULL DEFAULT '',
      status TEXT NOT NULL DEFAULT 'ok', duration_ms INTEGER DEFAULT 0, source TEXT NOT NULL DEFAULT '',
      conversation_id TEXT NOT NULL DEFAULT '');
      INSERT INTO audit_events (timestamp, category, action, summary, detail, status)
      VALUES ('2026-01-01T00:00:00Z', 'llm', 'llm.request', 'asked', '{"tokens":5}', 'error'), ('never', 'a', 'b', 'c', '', 'ok');
      CREATE TABLE events (event_id TEXT PRIMARY KEY, parent_id TEXT, tool TEXT, actor TEXT, origin TEXT, app TEXT,
      destination TEXT, args TEXT, phase TEXT, result TEXT, error TEXT, duration_ms INTEGER, ts TEXT);
      INSERT INTO events VALUES ('a', NULL, 'fs.read', 'ada', 'ui', NULL, NULL, '{"path":"/x"}', 'started', NULL, NULL, NULL, '2026-01-01T00:00:00Z'),
      ('b', NULL, 'fs.read', 'ada', 'ui', NULL, NULL, '{"path":"/x"}', 'completed', 'ok', NULL, 7, '2026-01-01T00:00:01Z');`);
    db.close();
    const audit = await imported(folder, ["old.db", "--from", "sqlite-audit"]);
    expect([audit.status, audit.counts]).toEqual([
      2,
      { files: 1, imported: 1, known: 0, quiet: 0, refused: 1 },
    ]);
    expect(audit.stderr).toContain("old.db:2: timestamp must be an RFC 3339 time");
    expect((await imported(folder, ["old.db", "--from", "sqlite-tool-calls"])).counts).toMatchObject({
      imported: 2,
    });
    const { stdout } = await daybook(folder, ["tools", "--json"]);
    expect(jsonLines(stdout)).toMatchObject([
      { tool: "fs.read", status: "ok", durationMs: 7, args: { path: "/x" } },
    ]);
    const wrong = await imported(folder, ["old.db", "--from", "sqlite-runs"]);
    expect([wrong.status, wrong.stderr]).toEqual([
      2,
      expect.stringContaining("old.db has no table skill_runs or skill_run_logs. Check --from."),
    ]);
  }, 60_000);

  it("reads an OTLP file export, and what came by the wire already is known", async () => {
    const folder = emptyFolder();
    cpSync(join(SAMPLES, "otlp/006_v1_traces.json"), join(folder, "traces.json"));
    const first = await imported(folder, ["traces.json", "--from", "otlp"]);
    expect(first.status).toBe(0);
    expect(Number(first.counts?.imported)).toBeGreaterThan(10);
    expect((await imported(folder, ["traces.json", "--from", "otlp"])).counts).toMatchObject({ imported: 0 });
  });

  it("reads OTLP as lists, compressed, and in the collector's protobuf form", async () => {
    const folder = emptyFolder();
    const request = (spanId: string) => ({
      resourceSpans: [
        {
          resource: { attributes: [] },
          scopeSpans: [
            {
              scope: {},
              spans: [
                {
                  traceId: "5b8efff798038103d269b633813fc60c",
                  spanId,
                  name: "execute_tool track",
                  startTimeUnixNano: "1700000000000000000",
                  endTimeUnixNano: "1700000001000000000",
                  attributes: [
                    { key: "gen_ai.operation.name", value: { stringValue: "execute_tool" } },
                    { key: "gen_ai.tool.name", value: { stringValue: "track" } },
                  ],
                },
              ],
            },
          ],
        },
      ],
    });
    const [a, b] = [request("eee19b7ec3c1b174"), request("eee19b7ec3c1b175")];
    writeFileSync(join(folder, "lists.jsonl.gz"), gzipSync(`${JSON.stringify([a, b])}\n{\n`));
    const lists = await imported(folder, ["lists.jsonl.gz", "--from", "otlp"]);
    expect([lists.status, lists.counts]).toMatchObject([2, { imported: 4, refused: 1 }]);
    const framed = [span("eee19b7ec3c1b174"), span("eee19b7ec3c1b176")].map((message) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(message.length);
      return Buffer.concat([length, message]);
    });
    writeFileSync(join(folder, "traces.binpb"), Buffer.concat(framed));
    const proto = await imported(folder, ["traces.binpb", "--from", "otlp"]);
    expect([proto.status, proto.counts]).toMatchObject([0, { imported: 2, known: 2 }]);
    writeFileSync(join(folder, "cut.binpb"), Buffer.concat(framed).subarray(0, -3));
    const cut = await imported(folder, ["cut.binpb", "--from", "otlp"]);
    expect([cut.status, cut.stderr]).toEqual([2, "daybook: cut.binpb: cut.binpb ends within message 2.\n"]);
  }, 60_000);

  it("joins the traces and observations of a blob storage export, whatever is read first", async () => {
    const folder = emptyFolder();
    for (const kind of ["observations", "traces", "scores"])
      mkdirSync(join(folder, "export", kind), { recursive: true });
    writeFileSync(
      join(folder, "export/observations/1.csv"),
      "id,trace_id,type,name,start_time,end_time,provided_model_name,usage_details,total_cost,input\r\n" +
        'o1,t1,GENERATION,chat,2026-05-01 10:00:00.000000,2026-05-01 10:00:01.500000,gpt-5,"{""input"":10,""output"":5}",0.0001,"[""hi""]"\r\n',
    );
    writeFileSync(
      join(folder, "export/traces/1.jsonl"),
      '{"id":"t1","timestamp":"2026-05-01 10:00:00.000000","name":"desk","user_id":"ada","session_id":"s1"}\n',
    );
    writeFileSync(
      join(folder, "export/scores/1.jsonl"),
      '{"id":"x","timestamp":"2026-05-01 10:00:02.000000","trace_id":"t1","name":"good","value":1,"data_type":"NUMERIC"}\n',
    );
    const { status, stderr, counts } = await imported(folder, ["export", "--from", "langfuse"]);
    expect([status, stderr, counts]).toMatchObject([0, "", { files: 3, imported: 1, quiet: 2 }]);
    expect(await events(folder)).toMatchObject([
      {
        event_type: "llm.complete",
        agent: "desk",
        actor_id: "ada",
        conversation_id: "s1",
        model: "gpt-5",
        usage: { input: 10, output: 5 },
        cost_usd: "0.0001",
        duration_ms: 1500,
        data: { input: ["hi"] },
      },
    ]);
  }, 60_000);

  it.runIf(process.platform === "linux")(
    "shows on a terminal how far it is, and nothing in a pipe",
    async () => {
      const folder = emptyFolder();
      const lines = Array.from({ length: 3_000 }, (_, i) =>
        JSON.stringify({ event_type: "a", duration_ms: i }),
      );
      writeFileSync(join(folder, "events.ndjson"), lines.join("\n"));
      const command = `${process.execPath} ${PROGRAM} import events.ndjson --from ndjson`;
      const { stdout } = spawnSync("/usr/bin/script", ["-qec", command, "/dev/null"], {
        cwd: folder,
        env: { PATH: process.env.PATH, HOME: folder },
        encoding: "utf8",
      });
      expect(stdout).toMatch(/\r\d+ %, \d+ events of 1 files/);
      expect(stdout).toContain("3000 events imported");
      expect((await imported(folder, ["events.ndjson", "--from", "ndjson"])).stderr).toBe("");
    },
  );

  it("says what it needs", async () => {
    const folder = emptyFolder();
    const none = await daybook(folder, ["import", "x", "--from", "nothing"]);
    expect([none.status, none.stderr]).toEqual([
      2,
      expect.stringContaining("--from must be one of claude, codex"),
    ]);
    const gone = await daybook(folder, ["import", "x", "--from", "claude"]);
    expect([gone.status, gone.stderr]).toEqual([2, "daybook: There is no file x.\n"]);
  });
});
