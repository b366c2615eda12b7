import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AuditEvent } from "../../src/event/event.ts";
import { signedHeaders } from "../../src/forward/destinations/sigv4.ts";
import { signature } from "../../src/forward/destinations/standard-webhooks.ts";
import { LOCALHOST } from "./localhost.ts";
import { openReceiver, type Receiver } from "./receiver.ts";
import { eventsOf, send } from "./sending.ts";

let events: AuditEvent[];
let receiver: Receiver;
beforeAll(async () => {
  events = await eventsOf([
    {
      type: "tool.execute",
      tool: "refund",
      agent: "billing",
      status: "ok",
      summary: "Invoice 42",
      severity: "INFO",
    },
    {
      type: "tool.execute",
      tool: "refund",
      agent: "billing",
      status: "error",
      error: "declined",
      severity: "ERROR",
    },
    { type: "note.written", data: { text: "line\nbreak" } },
  ]);
  receiver = await openReceiver();
});
beforeEach(() => {
  receiver.requests.length = 0;
});
afterAll(() => receiver.close());

const ids = () => events.map(({ id }) => id);
const bodyOf = () => JSON.parse(receiver.requests.at(-1)?.body ?? "null");
const linesOf = () =>
  (receiver.requests.at(-1)?.body ?? "")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("http", () => {
  it("posts one event a request under its id, with the forwarder's headers, and reads every kind of answer", async () => {
    const one = events.slice(0, 1);
    receiver.behave(() => ({ status: 201 }));
    const sent = await send("http", one, { url: `${receiver.url}/in`, headers: { "X-Token": "t" } });
    expect(sent.judgment).toEqual({ verdict: "ok" });
    expect(receiver.requests[0]?.headers).toMatchObject({ "idempotency-key": ids()[0], "x-token": "t" });
    expect(bodyOf()).toMatchObject({ id: ids()[0], event_type: "tool.execute" });
    for (const [status, verdict] of [
      [200, "ok"],
      [302, "hold"],
      [400, "refuse"],
      [401, "hold"],
      [404, "hold"],
      [413, "refuse"],
      [429, "retry"],
      [500, "retry"],
      [503, "retry"],
    ] as const) {
      receiver.behave(() => ({ status, headers: { "retry-after": "7" } }));
      const { judgment } = await send("http", one, { url: receiver.url });
      expect([status, judgment.verdict]).toEqual([status, verdict]);
      if (verdict === "retry") expect(judgment.retryAfterMs).toBe(7_000);
    }
  });

  it("says of a receiver that hangs or drops the line that it is to be tried again", async () => {
    receiver.behave(() => "cut");
    expect((await send("http", events.slice(0, 1), { url: receiver.url })).judgment.verdict).toBe("retry");
    receiver.behave(() => "hang");
    const hanging = await send("http", events.slice(0, 1), { url: receiver.url }, { timeoutMs: 150 });
    expect(hanging).toMatchObject({ judgment: { verdict: "retry" }, status: null });
    const dead = await send("http", events.slice(0, 1), { url: "http://127.0.0.1:9" });
    expect(dead.judgment.verdict).toBe("retry");
  });
});

describe("splunk_hec", () => {
  it("sends events as HEC wants them, and counts them only when the indexer acknowledges", async () => {
    let polls = 0;
    receiver.behave(({ url, headers, body }) => {
      expect(headers["x-splunk-request-channel"]).toMatch(/^[0-9a-f-]{36}$/);
      if (!url.includes("/ack")) return { status: 200, body: { text: "Success", code: 0, ackId: 5 } };
      polls++;
      expect(JSON.parse(body)).toEqual({ acks: [5] });
      return { status: 200, body: { acks: { "5": polls > 1 } } };
    });
    const url = `${receiver.url}/services/collector/event`;
    const headers = { Authorization: "Splunk token" };
    const { judgment } = await send("splunk_hec", events, {
      url,
      headers,
      options: { ack: true, index: "audit" },
    });
    expect([judgment.verdict, polls]).toEqual(["ok", 2]);
    const sent = (receiver.requests[0]?.body ?? "").split("\n").map((line) => JSON.parse(line));
    expect(sent.map(({ fields }) => fields.daybook_id)).toEqual(ids());
    expect(sent[0]).toMatchObject({
      index: "audit",
      sourcetype: "_json",
      host: "billing",
      event: { tool: "refund" },
    });
    expect(sent[0].time).toBeCloseTo((events[0] as AuditEvent).occurredAt / 1_000_000, 3);
  });

  it("does not believe a 200 that was never acknowledged", async () => {
    receiver.behave(({ url }) =>
      url.includes("/ack")
        ? { status: 200, body: { acks: { "5": false } }, headers: { "retry-after": "0" } }
        : { status: 200, body: { code: 0, ackId: 5 } },
    );
    const url = `${receiver.url}/services/collector/event`;
    const { judgment } = await send(
      "splunk_hec",
      events,
      { url, options: { ack: true } },
      { timeoutMs: 300 },
    );
    expect(judgment.verdict).toBe("retry");
  });

  it("takes the one bad event out and sends the rest again; blames the token where the token is at fault", async () => {
    const url = `${receiver.url}/services/collector/event`;
    receiver.behave(() => ({
      status: 400,
      body: { text: "Invalid data format", code: 6, "invalid-event-number": 1 },
    }));
    const { judgment } = await send("splunk_hec", events, { url });
    expect([[...(judgment.refused?.keys() ?? [])], [...(judgment.again ?? [])]]).toEqual([[1], [0, 2]]);
    receiver.behave(() => ({ status: 400, body: { text: "Incorrect index", code: 7 } }));
    expect((await send("splunk_hec", events, { url })).judgment.verdict).toBe("hold");
    receiver.behave(() => ({ status: 503, body: { text: "Server is busy", code: 9 } }));
    expect((await send("splunk_hec", events, { url })).judgment.verdict).toBe("retry");
  });
});

describe("datadog", () => {
  it("keeps the time of an event that the intake would throw away, and says so", async () => {
    receiver.behave(() => ({ status: 202 }));
    const old = await eventsOf([
      { type: "fresh", agent: "billing", summary: "Now" },
      { type: "late", occurredAt: (Date.now() - 19 * 3_600_000) * 1_000 },
    ]);
    const headers = { "DD-API-KEY": "key" };
    const { judgment } = await send("datadog", old, {
      url: receiver.url,
      headers,
      options: { tags: "team:audit" },
    });
    expect(judgment.verdict).toBe("ok");
    expect(receiver.requests[0]?.headers).toMatchObject({ "dd-api-key": "key", "content-encoding": "gzip" });
    const [fresh, late] = bodyOf();
    expect(fresh).toMatchObject({
      ddsource: "daybook",
      message: "Now",
      hostname: "billing",
      daybook_id: old[0]?.id,
    });
    expect(fresh.ddtags).toBe("env:production,team:audit");
    expect(fresh).not.toHaveProperty("original_timestamp");
    expect(late.ddtags).toContain("daybook_late:true");
    expect(Date.now() - late.timestamp).toBeLessThan(60_000);
    expect(Date.parse(late.original_timestamp)).toBe(Math.floor((old[1] as AuditEvent).occurredAt / 1_000));
  });
});

describe("elastic", () => {
  const answer = (statuses: readonly number[]) => ({
    status: 200,
    body: {
      errors: statuses.some((status) => status > 299),
      items: statuses.map((status) => ({
        create: {
          status,
          ...(status > 299 ? { error: { type: "some_exception", reason: `because ${status}` } } : {}),
        },
      })),
    },
  });

  it("creates each event under its id; one that is there already is success", async () => {
    receiver.behave(() => answer([201, 409, 201]));
    const { judgment } = await send("elastic", events, {
      url: `${receiver.url}/_bulk`,
      options: { index: "audit" },
    });
    expect(judgment).toMatchObject({ verdict: "ok", refused: new Map(), again: new Set() });
    expect(receiver.requests[0]?.headers["content-type"]).toBe("application/x-ndjson");
    const lines = linesOf();
    expect(lines.filter((_, i) => i % 2 === 0).map(({ create }) => create)).toEqual(
      ids().map((_id) => ({ _index: "audit", _id })),
    );
    for (const line of lines.filter((_, i) => i % 2 === 1)) expect(line).toHaveProperty("@timestamp");
  });

  it("reads each item: what is full is sent again, what does not fit the mapping is a dead letter", async () => {
    receiver.behave(() => answer([201, 429, 400]));
    const { judgment } = await send("elastic", events, { url: receiver.url });
    expect([[...(judgment.again ?? [])], [...(judgment.refused ?? [])]]).toEqual([
      [1],
      [[2, expect.stringContaining("because 400")]],
    ]);
  });
});

describe("honeycomb", () => {
  it("reads a status for each event", async () => {
    receiver.behave(() => ({
      status: 200,
      body: [{ status: 202 }, { status: 429 }, { status: 400, error: "too wide" }],
    }));
    const { judgment } = await send("honeycomb", events, {
      url: receiver.url,
      headers: { "X-Honeycomb-Team": "k" },
    });
    expect([[...(judgment.again ?? [])], [...(judgment.refused ?? [])]]).toEqual([
      [1],
      [[2, expect.stringContaining("too wide")]],
    ]);
    expect(bodyOf()[0]).toMatchObject({ time: expect.stringMatching(/Z$/), data: { id: ids()[0] } });
  });
});

describe("sumo_logic, new_relic, loki and otlp", () => {
  it("send lines with Sumo's headers", async () => {
    receiver.behave(() => ({ status: 200 }));
    await send("sumo_logic", events, { url: receiver.url, options: { category: "audit" } });
    expect(receiver.requests[0]?.headers).toMatchObject({
      "x-sumo-category": "audit",
      "x-sumo-name": "daybook",
    });
    expect(linesOf().map(({ id }) => id)).toEqual(ids());
  });

  it("send New Relic's logs, the time of what is older than two days beside them", async () => {
    receiver.behave(() => ({ status: 202 }));
    const old = await eventsOf([{ type: "late", occurredAt: (Date.now() - 49 * 3_600_000) * 1_000 }]);
    await send("new_relic", [...events.slice(0, 1), ...old], { url: receiver.url });
    const [{ logs }] = bodyOf();
    expect(logs[0]).toMatchObject({
      message: "Invoice 42",
      attributes: { daybook_id: ids()[0], tool: "refund" },
    });
    expect(logs[1].attributes.original_timestamp).toMatch(/Z$/);
    expect(Date.now() - logs[1].timestamp).toBeLessThan(60_000);
  });

  it("send Loki few labels, and nanoseconds as text", async () => {
    receiver.behave(() => ({ status: 204 }));
    await send("loki", events, { url: receiver.url, options: { labels: { cluster: "eu" } } });
    const { streams } = bodyOf();
    expect(streams.map(({ stream }: { stream: object }) => stream)).toEqual([
      { job: "daybook", tenant: "default", environment: "production", level: "info", cluster: "eu" },
      { job: "daybook", tenant: "default", environment: "production", level: "error", cluster: "eu" },
    ]);
    expect(streams[0].values[0][0]).toBe(`${(events[0] as AuditEvent).occurredAt}000`);
    expect(streams[0].values[0][2]).toMatchObject({ id: ids()[0] });
  });

  it("send OTLP log records; a part that is rejected is found one by one", async () => {
    receiver.behave(() => ({ status: 200, body: {} }));
    expect((await send("otlp", events, { url: receiver.url })).judgment.verdict).toBe("ok");
    const [{ scopeLogs }] = bodyOf().resourceLogs;
    expect(scopeLogs[0].logRecords).toHaveLength(3);
    expect(scopeLogs[0].logRecords[0]).toMatchObject({ timeUnixNano: expect.stringMatching(/^\d{19}$/) });
    const partial = (rejected: number) => ({
      status: 200,
      body: { partialSuccess: { rejectedLogRecords: rejected, errorMessage: "too old" } },
    });
    receiver.behave(() => partial(1));
    expect((await send("otlp", events, { url: receiver.url })).judgment).toMatchObject({ verdict: "refuse" });
    expect(
      (await send("otlp", events.slice(0, 1), { url: receiver.url })).judgment.refused?.get(0),
    ).toContain("too old");
  });
});

describe("s3", () => {
  const options = {
    region: "us-east-1",
    access_key_id: "AKIAIOSFODNN7EXAMPLE",
    secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    object_lock_mode: "COMPLIANCE",
    retain_days: 400,
  };

  it("makes an object once, named by its seqs, locked, with its checksum and a signature", async () => {
    receiver.behave(() => ({ status: 200 }));
    expect((await send("s3", events, { url: `${receiver.url}/bucket`, options })).judgment.verdict).toBe(
      "ok",
    );
    const [request] = receiver.requests;
    expect(request?.method).toBe("PUT");
    expect(request?.url).toMatch(
      /^\/bucket\/default\/\d{4}\/\d\d\/\d\d\/000000000001-000000000003\.ndjson\.gz$/,
    );
    expect(request?.headers).toMatchObject({
      "if-none-match": "*",
      "x-amz-object-lock-mode": "COMPLIANCE",
      "x-amz-checksum-sha256": expect.stringMatching(/=$/),
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/us-east-1\/s3\/aws4_request/,
      ),
    });
    const until = Date.parse(String(request?.headers["x-amz-object-lock-retain-until-date"]));
    expect(until - Date.now()).toBeGreaterThan(399 * 86_400_000);
    const lines = gunzipSync(request?.bytes ?? Buffer.alloc(0))
      .toString()
      .trimEnd()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line).id)).toEqual(ids());
  });

  it("takes an object that is there already for what it is, and waits for one that is being written", async () => {
    for (const [status, verdict] of [
      [412, "ok"],
      [409, "retry"],
      [403, "hold"],
      [503, "retry"],
    ] as const) {
      receiver.behave(() => ({ status }));
      expect([status, (await send("s3", events, { url: receiver.url, options })).judgment.verdict]).toEqual([
        status,
        verdict,
      ]);
    }
  });

  it("signs as Amazon's published example does", () => {
    const { authorization, Authorization } = signedHeaders(
      {
        method: "GET",
        url: new URL("https://examplebucket.s3.amazonaws.com/test.txt"),
        headers: { Range: "bytes=0-9" },
        body: Buffer.alloc(0),
      },
      {
        accessKeyId: options.access_key_id,
        secretAccessKey: options.secret_access_key,
        sessionToken: "",
        region: "us-east-1",
        service: "s3",
      },
      "20130524T000000Z",
    ) as Record<string, string>;
    expect(authorization ?? Authorization).toContain(
      "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
  });
});

describe("standard_webhooks", () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

  it("signs as the specification's published vector", () => {
    const content = 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}';
    expect(signature(secret, content)).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  it("sends id, time and signature over the body, the same id each time; 410 ends it", async () => {
    receiver.behave(() => ({ status: 204 }));
    for (const _ of [1, 2])
      await send("standard_webhooks", events.slice(0, 1), { url: receiver.url, options: { secret } });
    const [first, again] = receiver.requests;
    expect([first?.headers["webhook-id"], again?.headers["webhook-id"]]).toEqual([ids()[0], ids()[0]]);
    const signed = `${ids()[0]}.${first?.headers["webhook-timestamp"]}.${first?.body}`;
    expect(first?.headers["webhook-signature"]).toBe(signature(secret, signed));
    expect(bodyOf()).toMatchObject({ type: "tool.execute", data: { id: ids()[0] } });
    receiver.behave(() => ({ status: 410 }));
    const { judgment } = await send("standard_webhooks", events.slice(0, 1), {
      url: receiver.url,
      options: { secret },
    });
    expect(judgment.verdict).toBe("gone");
  });
});

describe("syslog", () => {
  const FRAME = /^<(\d+)>1 (\S+) (\S+) daybook - (\S+) \[daybook@32473 id="([^"]+)"[^\]]*\] \ufeff(\{.*\})$/s;

  async function listening(server: Server): Promise<{ port: number; received: Promise<Buffer> }> {
    const { promise, resolve } = Promise.withResolvers<Buffer>();
    server.on(
      server.listenerCount("secureConnection") > 0 ? "secureConnection" : "connection",
      () => undefined,
    );
    const onSocket = async (socket: NodeJS.ReadWriteStream): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk as Buffer);
      socket.end();
      resolve(Buffer.concat(chunks));
    };
    server.on("connection", (socket) => {
      if (!("getSharedSigalgs" in server) && !("setSecureContext" in server)) void onSocket(socket);
    });
    server.on("secureConnection", (socket) => void onSocket(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return { port: (server.address() as AddressInfo).port, received: promise };
  }

  /** Octet counting, RFC 6587 §3.4.1. */
  function framesOf(bytes: Buffer): string[] {
    const frames: string[] = [];
    for (let at = 0; at < bytes.length; ) {
      const space = bytes.indexOf(0x20, at);
      const length = Number(bytes.toString("ascii", at, space));
      frames.push(bytes.toString("utf8", space + 1, space + 1 + length));
      at = space + 1 + length;
    }
    return frames;
  }

  it.each(["tcp", "tls"])(
    "writes RFC 5424 by %s, counted, and knows that it was read to its end",
    async (scheme) => {
      const options = { allowHalfOpen: true };
      const server = scheme === "tcp" ? createServer(options) : createTlsServer({ ...options, ...LOCALHOST });
      const { port, received } = await listening(server);
      const url = `${scheme}://127.0.0.1:${port}`;
      const sent = await send("syslog", events, { url, caCert: scheme === "tls" ? LOCALHOST.cert : null });
      expect(sent.judgment.verdict).toBe("ok");
      const frames = framesOf(await received).map((frame) => FRAME.exec(frame));
      expect(frames.map((match) => match?.[5])).toEqual(ids());
      // Facility 13, log audit: severities informational and error.
      expect(frames.map((match) => match?.[1])).toEqual(["110", "107", "110"]);
      expect(frames[0]?.[3]).toBe("billing");
      for (const match of frames) expect(match?.[6]).not.toMatch(/[\r\n]/);
      server.close();
    },
  );

  it("refuses a TLS receiver whose certificate nobody vouches for", async () => {
    const server = createTlsServer({ ...LOCALHOST });
    const { port } = await listening(server);
    const { judgment } = await send("syslog", events, { url: `tls://127.0.0.1:${port}` });
    expect(judgment.verdict).toBe("retry");
    expect(judgment.reason).toMatch(/certificate/i);
    server.close();
  });

  it("sends a datagram for each event by UDP, and refuses what does not fit in one", async () => {
    const socket = createSocket("udp4");
    const frames: string[] = [];
    socket.on("message", (bytes) => frames.push(bytes.toString()));
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    const [large] = await eventsOf([{ type: "large", data: { text: "x".repeat(4_000) } }]);
    const url = `udp://127.0.0.1:${socket.address().port}`;
    const { judgment } = await send("syslog", [...events, large as AuditEvent], { url });
    await expect.poll(() => frames.length).toBe(3);
    expect(frames.map((frame) => FRAME.exec(frame)?.[5]).sort()).toEqual(ids().sort());
    expect(judgment.refused?.get(3)).toMatch(/datagram/);
    socket.close();
  });
});

describe("file", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "daybook-"));
    return () => rm(root, { recursive: true, force: true });
  });

  it("appends lines, heals a torn one, and puts full files aside", async () => {
    const url = "file:///logs/events.ndjson";
    expect((await send("file", events.slice(0, 1), { url }, { fileRoot: root })).judgment.verdict).toBe("ok");
    const path = join(root, "logs/events.ndjson");
    await writeFile(path, `${await readFile(path, "utf8")}{"torn":`);
    await send("file", events, { url }, { fileRoot: root });
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).id)).toEqual([ids()[0], ...ids()]);
    for (let i = 0; i < 4; i++) {
      await send("file", events, { url, options: { max_bytes: 10, keep_files: 2 } }, { fileRoot: root });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect((await readdir(join(root, "logs"))).filter((name) => name !== "events.ndjson")).toHaveLength(2);
  });

  it("writes nowhere but below its folder, and nowhere at all without one", async () => {
    const outside = await mkdtemp(join(tmpdir(), "daybook-outside-"));
    await symlink(outside, join(root, "link"));
    for (const url of ["file:///link/x.ndjson", "file:///..%2f..%2fescape.ndjson"]) {
      const { judgment } = await send("file", events, { url }, { fileRoot: root });
      const escaped = await readdir(outside);
      expect([url, escaped]).toEqual([url, []]);
      if (url.includes("link")) expect(judgment.verdict).toBe("hold");
    }
    expect((await send("file", events, { url: "file:///x" }, { fileRoot: null })).judgment.verdict).toBe(
      "hold",
    );
    await rm(outside, { recursive: true });
  });
});
