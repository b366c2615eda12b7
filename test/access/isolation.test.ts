import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uuidv7 } from "../../src/base/uuid.ts";
import { ROUTE_DOCS } from "../../src/http/openapi/document.ts";
import type { RouteDoc } from "../../src/http/openapi/route-doc.ts";
import { createKeys, ROLES, type Role } from "../../src/trail/keys.ts";
import { DIMENSIONS } from "../../src/view/totals/totals.ts";
import { type Answer, envelope, openServer, type TestServer } from "../http/server.ts";

/** No key sees another tenant or environment: every route, whatever is asked, over ids that they share. */
const TENANTS = ["acme", "globex"] as const;
const ENVIRONMENTS = ["production", "staging"] as const;

interface Place {
  readonly tenant: string;
  readonly environment: string;
  /** Stands in every text of every event of this place, and nowhere else. */
  readonly mark: string;
  readonly ids: string[];
}

const places: Place[] = TENANTS.flatMap((tenant) =>
  ENVIRONMENTS.map((environment) => ({
    tenant,
    environment,
    mark: `mark${tenant}${environment}`,
    ids: [],
  })),
);

interface Holder {
  readonly secret: string;
  readonly tenant: string;
  readonly environments: readonly string[] | null;
  readonly role: Role;
}

let server: TestServer;
const holders: Holder[] = [];
/** Starts of tool calls whose other half is told elsewhere. */
const starts: Record<string, string> = Object.fromEntries(TENANTS.map((tenant) => [tenant, uuidv7()]));

/** The events of a place: its mark in each text, ids that all places share. */
function eventsOf({ tenant, environment, mark, ids }: Place): object[] {
  const common = {
    environment,
    description: `${mark} description`,
    actor_id: `${mark} actor`,
    agent: `${mark} agent`,
    resource_type: "invoice",
    resource_id: `${mark} resource`,
    run_id: "shared-run",
    thread_id: "shared-thread",
    conversation_id: "shared-conversation",
    trace_id: "a".repeat(32),
    category: "llm",
    usage: { input: 7 },
    data: { mark },
  };
  const data = (more: object) => ({ mark, skill_id: `${mark} skill`, ...more });
  const isFirst = environment === ENVIRONMENTS[0];
  const start = starts[tenant];
  const events = [
    { ...common, event_type: "run.started", category: "run", data: data({ inputs: { mark } }) },
    { ...common, event_type: "run.log", category: "run", data: data({ sequence: 1, payload: { mark } }) },
    { ...common, event_type: "run.finished", category: "run", data: data({ status: "ok", output: mark }) },
    {
      ...common,
      event_type: "run.started",
      category: "run",
      run_id: `${mark}-child`,
      data: data({ parent_run_id: "shared-run" }),
    },
    { ...common, event_type: `${mark}.type`, resource_type: `${mark} kind`, category: mark },
    { ...common, event_type: "tool.execute", category: "tool_call", phase: "started", tool: `${mark} tool` },
    // One half here, the other half in the tenant's other environment.
    isFirst
      ? { ...common, id: start, event_type: "tool.execute", category: "tool_call", phase: "started" }
      : {
          ...common,
          event_type: "tool.execute",
          category: "tool_call",
          phase: "completed",
          start_id: start,
          data: data({ result: mark }),
        },
    ...["shared-thread", `thread-${tenant}-${environment}`].map((thread) => ({
      ...common,
      thread_id: thread,
      event_type: "thread.user_message",
      data: {
        event: {
          kind: "user_message",
          timestamp: "2026-01-01T00:00:00Z",
          content: [{ type: "text", text: mark }],
        },
      },
    })),
    // The same failure everywhere: the fingerprint leaves out what is quoted.
    { ...common, event_type: "job.run", status: "error", error: `timeout of "${mark}"`, tool: "shared" },
  ];
  return events.map((event) => {
    const id = "id" in event && event.id !== undefined ? event.id : uuidv7();
    ids.push(id as string);
    return { ...event, id };
  });
}

beforeAll(async () => {
  server = await openServer({ access: { recordReads: true } });
  for (const place of places) {
    const lines = eventsOf(place).map((event) => JSON.stringify(event));
    const { json } = await server.post("/api/v1/events/bulk", lines.join("\n"), {
      "X-Daybook-Tenant": place.tenant,
    });
    expect(json).toMatchObject({ rejected: 0 });
  }
  for (const tenant of TENANTS) await server.trail.seal({ tenant });
  const keys = createKeys(server.trail.settings);
  for (const tenant of TENANTS) {
    for (const environments of [null, ["production"], ["staging"], ["production", "elsewhere"]]) {
      for (const role of ROLES) {
        const own = places.filter((it) => isOwn({ tenant, environments }, it));
        const name = own.map(({ mark }) => mark).join(" ");
        const { secret } = await keys.create({ name, role, tenant, environments });
        holders.push({ secret, tenant, environments, role });
      }
    }
  }
});
afterAll(() => server.close());

type Reach = Pick<Holder, "tenant" | "environments">;

function isOwn({ tenant, environments }: Reach, place: Place): boolean {
  return place.tenant === tenant && (environments === null || environments.includes(place.environment));
}

/** The marks of places that the holder must not see, found in a text. */
function leaks(holder: Holder, text: string): string[] {
  return places.filter((place) => !isOwn(holder, place) && text.includes(place.mark)).map(({ mark }) => mark);
}

/** Values that a parameter may be asked with; none holds a mark, so an echo is no leak. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  "filter[environment]": ["production", "staging", "-elsewhere", "production,staging", "smplkit"],
  "filter[resource_type]": ["invoice"],
  "filter[tool]": ["shared"],
  "filter[run_id]": ["shared-run"],
  "filter[thread_id]": ["shared-thread"],
  "filter[parent_run_id]": ["shared-run"],
  "filter[text]": ["mark", "description"],
  "filter[occurred_at]": ["[2020-01-01T00:00:00Z,*)"],
  "filter[period]": ["current"],
  "page[size]": ["1", "3", "1000"],
  "page[number]": ["1", "2"],
  "meta[total]": ["true"],
  sort: ["occurred_at", "-created_at", "seq", "key", "-key"],
  format: ["CSV", "JSONL"],
  open: ["true"],
  by: [...DIMENSIONS],
  only: ["environment:production", "environment:staging", "tool:shared"],
  field: ["agent", "environment", "tool", "actor_id", "resource_id"],
  since: ["2020-01-01T00:00:00Z"],
  bucket: ["hour", "day"],
  include_dry_run: ["true"],
  top_level: ["true"],
  search: ["mark", "description"],
  exclude_source: ["nobody"],
  limit: ["5", "200"],
  offset: ["0", "2"],
  after: ["0"],
  seq: ["1", "2", "9", "12", "20"],
  leaf_index: ["0", "9"],
  tree_size: ["20"],
  first: ["1"],
  second: ["20"],
};
const PATH_IDS = [
  "entries/000",
  "entries/000.p/20",
  "0/000.p/20",
  ...places.map(({ tenant, environment }) => `thread-${tenant}-${environment}`),
  "shared-run",
  "shared-thread",
  ...TENANTS.map((tenant) => starts[tenant] as string),
];

const parameterNames = ({ parameters = [] }: RouteDoc): string[] =>
  parameters.filter((it) => it.in === "query").map(({ name }) => String(name));

async function ask(holder: Holder | null, route: RouteDoc, path: string, body?: unknown): Promise<Answer> {
  const headers: Record<string, string> = holder === null ? {} : { Authorization: `Bearer ${holder.secret}` };
  const init = { method: route.method.toUpperCase(), headers };
  return server.request(path, body === undefined ? init : { ...init, body: JSON.stringify(body) });
}

/** The live stream does not end: it is read until nothing of what there is can be missing. */
async function readStream(holder: Holder, path: string, marker: string): Promise<string> {
  const ended = new AbortController();
  const response = await fetch(server.url + path, {
    headers: { Authorization: `Bearer ${holder.secret}` },
    signal: ended.signal,
  });
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes(marker)) break;
  }
  ended.abort();
  return text;
}

/** They end with their reader. The second only says that something was committed. */
const LIVE: ReadonlySet<string> = new Set(["/api/v1/events/stream", "/api/v1/store/watch"]);
const READS = ROUTE_DOCS.filter(
  ({ method, path, need }) => method === "get" && need !== "nothing" && !LIVE.has(path),
);
/** What another Daybook asks of this one's store, by the names of the port. */
const PORT_READS: ReadonlyArray<readonly [string, (tenant: string) => object]> = [
  ["get", (tenant) => ({ id: places.find((it) => it.tenant !== tenant)?.ids[0] })],
  ["list", () => ({ where: [], order: "seq", direction: "desc", limit: 1_000, scanMax: 20_000 })],
  ["head", () => ({})],
  ["stats", () => ({})],
  ["emitters", () => ({})],
  ["row", () => ({ view: "runs", key: "shared-run" })],
  ["rows", () => ({ view: "catalog", group: "agent", direction: "asc", limit: 1_000 })],
  [
    "facets",
    () => ({ where: [], fields: ["agent", "environment", "resource_id"], top: 100, scanMax: 20_000 }),
  ],
  ["count", () => ({ where: [], fields: ["agent", "environment"] })],
];

describe("a key", () => {
  it("sees nothing of another tenant or environment on any route, whatever it asks", async () => {
    const known = places.flatMap(({ ids }) => ids);
    const request = fc.record({
      path: fc.constantFrom(...READS.map(({ path }) => path)),
      picks: fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
      holder: fc.nat(),
      id: fc.nat(),
    });
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(request, async ({ path, picks, holder: n, id }) => {
        const route = READS.find((it) => it.path === path) as RouteDoc;
        const holder = holders[n % holders.length] as Holder;
        // Half of them what all places share.
        const ids = id % 2 === 0 ? PATH_IDS : known;
        const named = route.path.replaceAll(/\{\w+\}/g, ids[id % ids.length] as string);
        const names = parameterNames(route).filter((name) => VALUES[name] !== undefined);
        const chosen = new Map<string, string>();
        for (const pick of picks.slice(0, (picks[0] ?? 0) % 5)) {
          const name = names[pick % Math.max(1, names.length)];
          const values = name === undefined ? [] : (VALUES[name] ?? []);
          if (name !== undefined) chosen.set(name, values[pick % values.length] as string);
        }
        if (parameterNames(route).includes("id")) chosen.set("id", known[id % known.length] as string);
        if (route.path === "/api/v1/usage") chosen.set("filter[period]", "current");
        if (route.path === "/api/v1/facets") chosen.set("field", "agent,environment,resource_id");
        const { status, text } = await ask(holder, route, `${named}?${new URLSearchParams([...chosen])}`);
        if (status === 200) answered++;
        expect([200, 400, 403, 404]).toContain(status);
        expect(leaks(holder, text)).toEqual([]);
      }),
      { numRuns: 1_200 },
    );
    expect(answered).toBeGreaterThan(200);
  });

  it("sees nothing of them in searches, exports and the live stream", async () => {
    for (const holder of holders.filter(({ role }) => role !== "writer")) {
      const route = ROUTE_DOCS.find(({ path }) => path === "/api/v1/events/search") as RouteDoc;
      const texts = [
        (await ask(holder, route, route.path, {})).text,
        (await ask(holder, route, route.path, { filter: { "!=": [1, 2] }, "page[size]": 1_000 })).text,
        await readStream(
          holder,
          "/api/v1/events/stream?after=0",
          `${holder.environments?.[0] ?? "staging"} actor`,
        ),
      ];
      for (const environment of [...ENVIRONMENTS, undefined]) {
        const mint = ROUTE_DOCS.find(({ path }) => path === "/api/v1/exports") as RouteDoc;
        const attributes = { format: "JSONL", ...(environment === undefined ? {} : { environment }) };
        const { status, json } = await ask(holder, mint, mint.path, { data: { type: "export", attributes } });
        const isReached =
          environment === undefined ||
          holder.environments === null ||
          holder.environments.includes(environment);
        expect(status === 201 || (!isReached && status === 403) || environment === undefined).toBe(true);
        if (status !== 201) continue;
        const file = await fetch(String(json.data.attributes.url).replace(/^http:\/\/[^/]+/, server.url));
        texts.push(await file.text());
      }
      expect(texts.some((text) => text.includes(`mark${holder.tenant}`))).toBe(true);
      for (const text of texts) expect(leaks(holder, text)).toEqual([]);
    }
  });

  it("sees nothing of them through the store's own calls, whichever tenant it names", async () => {
    let answered = 0;
    for (const holder of holders) {
      for (const [name, input] of PORT_READS) {
        const route = ROUTE_DOCS.find(({ path }) => path === `/api/v1/store/${name}`) as RouteDoc;
        for (const tenant of [holder.tenant, ...TENANTS, "daybook"]) {
          const { status, text } = await ask(holder, route, route.path, { ...input(holder.tenant), tenant });
          expect(leaks(holder, text)).toEqual([]);
          if (status === 200) answered++;
          else expect([route.path, status === 403 || text]).toEqual([route.path, true]);
          if (tenant !== holder.tenant) expect(status).not.toBe(200);
        }
      }
    }
    expect(answered).toBeGreaterThan(100);
  });

  it("cannot write SQL where the port takes the name of a field", async () => {
    const reader = holders.find(({ role }) => role === "reader") as Holder;
    const field = "tool IN ('x') OR 1=1 --";
    const list = { where: [], order: "seq", direction: "desc", limit: 10, scanMax: 10 };
    const bad: ReadonlyArray<readonly [string, object]> = [
      ["list", { ...list, where: [{ op: "any", field, values: ["x"] }] }],
      ["list", { ...list, where: [{ op: "range", field, min: 1 }] }],
      ["list", { ...list, order: "seq; DROP TABLE events" }],
      ["count", { where: [], fields: [field] }],
      ["facets", { where: [], fields: [field], top: 1, scanMax: 1 }],
      ["rows", { view: "runs", group: "", direction: "sideways", limit: 1 }],
    ];
    for (const [name, input] of bad) {
      const route = ROUTE_DOCS.find(({ path }) => path === `/api/v1/store/${name}`) as RouteDoc;
      const { status, json } = await ask(reader, route, route.path, { ...input, tenant: reader.tenant });
      expect([name, status, json.errors?.[0]?.code]).toEqual([name, 400, "query.invalid"]);
    }
  });

  it("sees all of its own", async () => {
    const reader = holders.find(
      ({ role, environments }) => role === "reader" && environments === null,
    ) as Holder;
    const list = ROUTE_DOCS.find(
      ({ path, method }) => path === "/api/v1/events" && method === "get",
    ) as RouteDoc;
    const { json } = await ask(reader, list, list.path);
    expect(json.data).toHaveLength(
      places.filter(({ tenant }) => tenant === reader.tenant).flatMap(({ ids }) => ids).length,
    );
  });

  it("counts nothing of them", async () => {
    const own = places[1] as Place;
    const holder = holders.find(
      ({ role, environments, tenant }) =>
        role === "admin" && tenant === own.tenant && environments?.[0] === "staging",
    ) as Holder;
    const get = async (path: string) =>
      (await server.request(path, { headers: { Authorization: `Bearer ${holder.secret}` } })).json;
    const count = own.ids.length;
    expect(await get("/api/v1/stats")).toMatchObject({
      total: count,
      totals: { events: count, failures: 1 },
    });
    expect(await get("/api/v1/audit")).toMatchObject({ total: count });
    expect(await get("/api/v1/audit/stats")).toMatchObject({ total: count, events_last_hour: count });
    expect((await get("/api/v1/usage?filter[period]=current")).data[0]?.attributes).toMatchObject({
      value: count,
    });
    // The shared run began in the other environment, and is a run of that one.
    expect((await get("/api/v1/runs?meta[total]=true")).meta).toMatchObject({ pagination: { total: 1 } });
    expect((await get("/api/v1/failures")).data).toEqual([]);
  });

  it("is answered by its role: each route's need, and 401 without a key or with a wrong one", async () => {
    const may: Readonly<Record<Role, readonly string[]>> = {
      writer: ["write"],
      reader: ["read"],
      auditor: ["read", "audit"],
      admin: ["write", "read", "audit", "admin"],
    };
    for (const route of ROUTE_DOCS) {
      const path = route.path.replaceAll(/\{\w+\}/g, "nothing");
      const body = route.method === "get" || route.method === "delete" ? undefined : {};
      if (route.need === "nothing") {
        expect((await ask(null, route, path, body)).status).not.toBe(401);
        continue;
      }
      const bare = await ask(null, route, path, body);
      expect([route.path, bare.status, bare.json.errors?.[0]]).toMatchObject([
        route.path,
        401,
        { code: "access.missing", title: "Missing Authorization header" },
      ]);
      expect(bare.headers.get("WWW-Authenticate")).toBe('Bearer realm="daybook"');
      const wrong = { secret: "wrong", tenant: "acme", environments: null, role: "admin" } as const;
      expect((await ask(wrong, route, path, body)).json.errors?.[0]).toMatchObject({
        code: "access.unknown",
      });
      for (const role of ROLES) {
        if (may[role].includes(route.need)) continue;
        const holder = holders.find((it) => it.role === role) as Holder;
        const { status, json } = await ask(holder, route, path, body);
        expect([route.path, role, status]).toEqual([route.path, role, 403]);
        expect(json.errors[0]).toMatchObject({ code: "access.denied" });
      }
    }
  });
});

describe("a writer", () => {
  const writer = (environments: string | null): Holder =>
    holders.find(
      (it) => it.tenant === "acme" && it.role === "writer" && (it.environments?.[0] ?? null) === environments,
    ) as Holder;
  const post = (holder: Holder, attributes: object, id?: string) =>
    server.post("/api/v1/events", envelope({ ...attributes }, id), {
      Authorization: `Bearer ${holder.secret}`,
    });

  it("writes to its own tenant and environments, and nowhere else", async () => {
    const one = writer("staging");
    expect((await post(one, {})).json.data.attributes).toMatchObject({
      tenant: "acme",
      environment: "staging",
    });
    expect(await post(one, { environment: "production" })).toMatchObject({ status: 403 });
    expect(await post(one, { tenant: "globex" })).toMatchObject({ status: 403 });
    expect(await post(one, { environment: "smplkit" })).toMatchObject({ status: 403 });
    expect(await post(writer(null), { environment: "smplkit" })).toMatchObject({ status: 403 });
    const lines = [
      { event_type: "a" },
      { event_type: "b", environment: "production" },
      { event_type: "c", tenant: "globex" },
      { event_type: "emitter.closed", tenant: "daybook", data: { tenant: "globex" } },
      { event_type: "setting.saved", tenant: "daybook", data: { tenant: "acme", kind: "key", id: "k" } },
    ];
    const { json } = await server.post(
      "/api/v1/events/bulk",
      lines.map((line) => JSON.stringify(line)).join("\n"),
      {
        "X-API-Key": one.secret,
      },
    );
    expect(json).toMatchObject({ accepted: 1, rejected: 4 });
    expect(
      await server.post("/api/v1/events/bulk", "{}", {
        "X-API-Key": one.secret,
        "X-Daybook-Tenant": "globex",
      }),
    ).toMatchObject({ status: 403 });
  });

  it("does not get an event of another environment back by offering its id", async () => {
    const [production] = places as [Place];
    const { status, text } = await post(writer("staging"), {}, production.ids[0]);
    expect(status).toBe(400);
    expect(text).not.toContain(production.mark);
  });

  it("says that an emitter closed for its own tenant", async () => {
    const data = { tenant: "acme", emitter_id: "e", emitter_epoch: 1, sent: 0 };
    const line = JSON.stringify({ event_type: "emitter.closed", tenant: "daybook", data });
    const { json } = await server.post("/api/v1/events/bulk", line, { "X-API-Key": writer(null).secret });
    expect(json).toMatchObject({ accepted: 1 });
  });

  it("sends by the doors of OTLP and of hooks, into its own environment", async () => {
    const one = writer("staging");
    const span = {
      traceId: "b".repeat(32),
      spanId: "c".repeat(16),
      name: "execute_tool search",
      startTimeUnixNano: "1750000000000000000",
      endTimeUnixNano: "1750000000100000000",
      attributes: [{ key: "gen_ai.operation.name", value: { stringValue: "execute_tool" } }],
    };
    const resource = {
      attributes: [{ key: "deployment.environment.name", value: { stringValue: "production" } }],
    };
    const headers = { Authorization: `Bearer ${one.secret}`, "Content-Type": "application/json" };
    const body = { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] };
    expect(await server.post("/v1/traces", body, headers)).toMatchObject({ status: 200 });
    const hook = { hook_event_name: "Stop", session_id: "from-the-hook" };
    expect(await server.post("/api/v1/hooks/claude-code", hook, headers)).toMatchObject({ status: 200 });
    await server.trail.flush();
    const { events } = await server.trail.events.list({ tenant: "acme", limit: 3 });
    const found = events.filter(
      ({ traceId, category }) => traceId === span.traceId || category === "session",
    );
    expect(found.length).toBeGreaterThan(0);
    for (const { environment } of found) expect(environment).toBe("staging");
  });
});

describe("reads", () => {
  it("are recorded with who read what, for auditors and administrators alone", async () => {
    const list = ROUTE_DOCS.find(
      ({ path, method }) => path === "/api/v1/events" && method === "get",
    ) as RouteDoc;
    const by = (role: Role) => holders.find((it) => it.role === role && it.environments === null) as Holder;
    await ask(by("reader"), list, `${list.path}?filter[agent]=sought`);
    await server.trail.flush();
    const seen = await ask(by("auditor"), list, `${list.path}?filter[event_type]=trail.read&sort=-seq`);
    const found = seen.json.data.find(({ attributes }) => JSON.stringify(attributes.data).includes("sought"));
    expect(found?.attributes).toMatchObject({ actor_type: "api_key", environment: "smplkit" });
    const hidden = await ask(by("reader"), list, `${list.path}?filter[event_type]=trail.read`);
    expect(hidden.json.data).toEqual([]);
    const one = await ask(by("reader"), list, `${list.path}/${found?.id}`);
    expect(one.status).toBe(404);
  });
});
