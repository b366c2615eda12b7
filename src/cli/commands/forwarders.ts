import { formatMicros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import type { JsonValue } from "../../base/json.ts";
import type { Delivery } from "../../forward/delivery/deliveries.ts";
import type { Forwarder } from "../../forward/forwarder.ts";
import type { Forwarders, ForwardScope } from "../../forward/forwarders.ts";
import { actor } from "../actor.ts";
import type { Call, Command } from "../command.ts";
import { visible } from "../print.ts";
import { printTable } from "../table.ts";
import { openExisting, openOrMake } from "../wire.ts";

type Action = (call: Call, forwarders: Forwarders, scope: ForwardScope) => Promise<number>;

const ACTIONS: Readonly<Record<string, Action>> = {
  add,
  list,
  show,
  test,
  pause,
  resume,
  deliveries,
  retry,
  remove,
};

export const forwarders: Command = {
  name: "forwarders",
  summary: "Send events elsewhere: add a forwarder, look at it, test it, send again what failed.",
  argument: { name: "ACTION", doc: `${Object.keys(ACTIONS).join(", ")}.` },
  more: { name: "ID", doc: "Which forwarder." },
  examples: [
    "daybook forwarders add siem --type splunk_hec --url https://splunk:8088/services/collector/event --header 'Authorization: Splunk TOKEN'",
    "daybook forwarders add lake --type elastic --url https://es/_bulk --format ecs --option index=audit --environment production",
    `daybook forwarders add denied --type http --url https://hooks.example/x --rule '{"==":[{"var":"status"},"denied"]}'`,
    "daybook forwarders list",
    "daybook forwarders deliveries siem --status failed",
    "daybook forwarders retry siem",
  ],
  async run(call) {
    const action = Object.hasOwn(ACTIONS, call.argument) ? ACTIONS[call.argument] : undefined;
    if (action === undefined) {
      throw new TrailError("option.invalid", `There is no action "${call.argument}" of forwarders.`, {
        field: "ACTION",
        fix: `Use ${Object.keys(ACTIONS).join(", ")}.`,
      });
    }
    if (action !== list && call.more === "") {
      throw new TrailError("option.invalid", "Say which forwarder.", {
        field: "ID",
        fix: "`daybook forwarders list` shows the ids.",
      });
    }
    await using trail = action === add ? openOrMake(call) : openExisting(call);
    return await action(call, trail.forwarders, { tenant: call.settings.required("tenant"), actor: actor() });
  },
};

async function add(call: Call, store: Forwarders, scope: ForwardScope): Promise<number> {
  const { settings, out, more: id } = call;
  const environments = settings.list("forwardedEnvironment");
  const transform = settings.text("transform");
  const forwarder = await store.create(
    {
      id,
      name: settings.text("forwarderName") ?? id,
      forwarder_type: settings.required("destination"),
      configuration: {
        url: settings.text("url"),
        headers: pairsOf("--header", settings.list("header"), ":"),
        options: optionsOf(settings.list("option")),
      },
      format: settings.text("format") ?? null,
      filter: settings.text("rule") === undefined ? null : jsonOf("--rule", settings.text("rule")),
      alert: settings.text("alert") === undefined ? null : jsonOf("--alert", settings.text("alert")),
      ...(transform === undefined ? {} : { transform, transform_type: "JSONATA" }),
      environments: Object.fromEntries(
        (environments.length === 0 ? ["production"] : environments).map((name) => [name, { enabled: true }]),
      ),
    },
    scope,
  );
  if (settings.on("json")) await out.json(shown(forwarder));
  else
    await out.line(`${visible(forwarder.id)} forwards from the next event on, where \`daybook serve\` runs`);
  return 0;
}

async function list({ settings, out }: Call, store: Forwarders, scope: ForwardScope): Promise<number> {
  const { forwarders: all } = await store.list(scope);
  if (settings.on("json")) {
    for (const forwarder of all) await out.json(shown(forwarder));
    return 0;
  }
  if (all.length === 0) out.note("There are no forwarders.");
  else {
    const columns = ["ID", "TYPE", "STATE", "ENVIRONMENTS", "TO"].map((title) => ({ title }));
    const rows = all.map((forwarder) => {
      const { id, type, state, environments, url } = shown(forwarder);
      return [id, type, state, environments.join(", "), url].map((cell) => ({ text: visible(cell) }));
    });
    await printTable(out, columns, rows);
  }
  return 0;
}

async function show({ settings, out, more }: Call, store: Forwarders, scope: ForwardScope): Promise<number> {
  const forwarder = await store.get(more, scope);
  const hours = await store.reconcile(more, { ...scope, limit: 24 });
  const sum = (key: "sent" | "confirmed" | "failed"): number => hours.reduce((n, hour) => n + hour[key], 0);
  const lately = { sent: sum("sent"), confirmed: sum("confirmed"), failed: sum("failed") };
  if (settings.on("json")) await out.json({ ...shown(forwarder), last_24_hours: lately });
  else {
    for (const [name, value] of Object.entries(shown(forwarder))) {
      await out.line(
        `${name.padEnd(14)}${visible(Array.isArray(value) ? value.join(", ") : String(value ?? ""))}`,
      );
    }
    await out.line(
      `${"last 24 hours".padEnd(14)}${lately.sent} sent, ${lately.confirmed} confirmed, ${lately.failed} failed`,
    );
  }
  return 0;
}

/** One request with the forwarder's own address and headers. */
async function test({ settings, out, more }: Call, store: Forwarders, scope: ForwardScope): Promise<number> {
  const { configuration } = await store.get(more, scope);
  const { url, method, headers, success_status, tls_verify, ca_cert } = configuration;
  const body = JSON.stringify({ event_type: "daybook.test", description: "A test of the forwarder." });
  const result = await store.test({ url, method, headers, success_status, tls_verify, ca_cert, body });
  if (settings.on("json")) await out.json(result as unknown as JsonValue);
  else {
    const said =
      result.response_status === null ? visible(result.error ?? "no answer") : `${result.response_status}`;
    await out.line(
      `${result.succeeded ? "taken" : "not taken"}: ${said}, ${Math.round(result.latency_ms)} ms`,
    );
  }
  return result.succeeded ? 0 : 1;
}

async function pause({ out, more }: Call, store: Forwarders, scope: ForwardScope): Promise<number> {
  await store.pause(more, scope);
  await out.line(`${visible(more)} is paused; nothing is lost`);
  return 0;
}

async function resume({ out, more }: Call, store: Forwarders, scope: ForwardScope): Promise<number> {
  await store.resume(more, scope);
  await out.line(`${visible(more)} goes on where it was`);
  return 0;
}

async function deliveries(
  { settings, out, more }: Call,
  store: Forwarders,
  scope: ForwardScope,
): Promise<number> {
  const status = settings.text("deliveryStatus")?.toUpperCase();
  const page = await store.deliveries(more, {
    ...scope,
    limit: settings.count("deliveryLimit") ?? 50,
    ...(status === undefined ? {} : { status: [status as Delivery["status"]] }),
  });
  if (settings.on("json")) {
    for (const { createdAt, ...delivery } of page.deliveries)
      await out.json({ ...delivery, createdAt: formatMicros(createdAt) } as unknown as JsonValue);
    return 0;
  }
  const columns = ["TIME", "SEQ", "STATUS", "TRY", "ANSWER", "DELIVERY"].map((title) => ({ title }));
  const rows = page.deliveries.map(
    ({ createdAt, seq, status: said, attemptNumber, responseStatus, error, id }) =>
      [
        formatMicros(createdAt).slice(0, 19),
        String(seq),
        said,
        String(attemptNumber),
        error ?? String(responseStatus ?? ""),
        id,
      ].map((cell) => ({ text: visible(cell) })),
  );
  await printTable(out, columns, rows);
  return 0;
}

/** One delivery, or every event whose last delivery failed. */
async function retry({ settings, out, more }: Call, store: Forwarders, scope: ForwardScope): Promise<number> {
  const delivery = settings.text("delivery");
  if (delivery !== undefined) {
    const { status, attemptNumber } = await store.retry(more, delivery, scope);
    await out.line(`${status.toLowerCase()}, try ${attemptNumber}`);
    return status === "SUCCEEDED" ? 0 : 1;
  }
  const { attempted, succeeded, failed } = await store.retryFailed(more, scope);
  if (settings.on("json")) await out.json({ attempted, succeeded, failed });
  else await out.line(`${attempted} sent again: ${succeeded} succeeded, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function remove({ out, more }: Call, store: Forwarders, scope: ForwardScope): Promise<number> {
  if (!(await store.delete(more, scope))) {
    throw new TrailError("forwarder.not_found", `There is no forwarder with the id ${more}.`, {
      field: "ID",
    });
  }
  await out.line(`${visible(more)} is removed; its deliveries stay`);
  return 0;
}

/** Without header values, options and what an address carries in its query: a screen is no vault. */
function shown(forwarder: Forwarder) {
  const {
    id,
    name,
    forwarder_type: type,
    format,
    paused,
    alert,
    configuration,
    environments,
    version,
  } = forwarder;
  const enabled = Object.entries(environments).filter(([, overrides]) => overrides.enabled === true);
  const { origin, protocol, host, pathname } = new URL(configuration.url);
  return {
    id,
    name,
    type,
    state: paused ? "paused" : "on",
    url: `${origin === "null" ? `${protocol}//${host}` : origin}${pathname}`,
    headers: Object.keys(configuration.headers),
    environments: enabled.map(([environment]) => environment),
    format: format ?? "",
    alert: alert?.kind ?? "",
    version,
  };
}

function pairsOf(flag: string, given: readonly string[], between: string): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf(between);
      if (at > 0) return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
      throw new TrailError("option.invalid", `${flag} must be NAME${between}VALUE.`, { field: flag });
    }),
  );
}

/** Numbers and switches as such. */
function optionsOf(given: readonly string[]): Record<string, JsonValue> {
  const pairs = Object.entries(pairsOf("--option", given, "="));
  return Object.fromEntries(
    pairs.map(([name, value]) => {
      if (value === "true" || value === "false") return [name, value === "true"];
      return [name, /^\d{1,15}$/.test(value) ? Number(value) : value];
    }),
  );
}

function jsonOf(flag: string, text = ""): JsonValue {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TrailError("option.invalid", `${flag} must be JSON.`, { field: flag, cause });
  }
}
