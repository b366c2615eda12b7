import { formatMicros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import { type ApiKey, createKeys, type Keys, type Role } from "../../trail/keys.ts";
import { actor } from "../actor.ts";
import type { Call, Command } from "../command.ts";
import { visible } from "../print.ts";
import { printTable } from "../table.ts";
import { openExisting, openOrMake } from "../wire.ts";

const ACTIONS: Readonly<Record<string, (call: Call, keys: Keys) => Promise<void>>> = { create, list, revoke };

export const keys: Command = {
  name: "keys",
  summary: "API keys of the trail's server: create one, list them, revoke one.",
  argument: { name: "ACTION", doc: "create, list or revoke." },
  more: { name: "ID", doc: "Which key, to revoke it." },
  examples: [
    "daybook keys create",
    "daybook keys create --role writer --tenant acme --environment production --name ci",
    "daybook keys list",
    "daybook keys revoke key_0123456789ab",
  ],
  async run(call) {
    const action = ACTIONS[call.argument];
    if (action === undefined) {
      throw new TrailError("option.invalid", `There is no action "${call.argument}" of keys.`, {
        field: "ACTION",
        fix: "Use create, list or revoke.",
      });
    }
    await using trail = action === create ? openOrMake(call) : openExisting(call);
    await action(call, createKeys(trail.settings));
    return 0;
  },
};

async function create({ settings, out }: Call, store: Keys): Promise<void> {
  const role = settings.required("role") as Role;
  const named = settings.list("environment");
  const { key, secret } = await store.create(
    {
      name: settings.text("keyName") ?? role,
      role,
      tenant: settings.on("allTenants") ? null : settings.required("tenant"),
      environments: named.length === 0 ? null : named,
    },
    actor(),
  );
  if (settings.on("json")) {
    await out.json({ ...toJson(key), secret });
    return;
  }
  out.note(`Key ${key.id}: ${reachOf(key)}. This is its secret; it is shown this once.`);
  await out.line(secret);
}

async function list({ settings, out }: Call, store: Keys): Promise<void> {
  const all = await store.list();
  if (settings.on("json")) {
    for (const key of all) await out.json(toJson(key));
    return;
  }
  if (all.length === 0) {
    out.note("There are no keys: the server is open to this machine, and to nothing else.");
    return;
  }
  const columns = ["ID", "NAME", "ROLE", "TENANT", "ENVIRONMENTS", "MADE"].map((title) => ({ title }));
  const rows = all.map((key) =>
    [
      key.id,
      key.name,
      key.role,
      key.tenant ?? "(all)",
      key.environments?.join(", ") ?? "(all)",
      formatMicros(key.createdAt).slice(0, 19),
    ].map((cell) => ({ text: visible(cell) })),
  );
  await printTable(out, columns, rows);
}

async function revoke({ more, out, settings }: Call, store: Keys): Promise<void> {
  if (more === "") {
    throw new TrailError("option.invalid", "Say which key.", {
      field: "ID",
      fix: "`daybook keys list` shows the ids.",
    });
  }
  if (!(await store.revoke(more, actor()))) {
    throw new TrailError("setting.not_found", `There is no key with the id ${more}.`, { field: "ID" });
  }
  if (settings.on("json")) await out.json({ id: more, revoked: true });
  else await out.line(`${visible(more)} is revoked`);
}

function reachOf({ role, tenant, environments }: ApiKey): string {
  const whose = tenant === null ? "every tenant" : `the tenant ${visible(tenant)}`;
  return `${role} of ${whose}, ${environments === null ? "every environment" : visible(environments.join(", "))}`;
}

function toJson({ createdAt, ...key }: ApiKey) {
  return { ...key, created_at: formatMicros(createdAt) };
}
