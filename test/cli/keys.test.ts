import { describe, expect, it } from "vitest";
import { daybook, emptyFolder, jsonLines, start, until } from "./daybook.ts";

describe("daybook keys", () => {
  it("makes a key that opens a server which asks from then on, and stops working when it is revoked", async () => {
    const folder = emptyFolder();
    const server = start(folder, ["serve", "--port", "0", "--json"]);
    await until(
      () => server.said.stdout.includes("\n"),
      () => `the server's address; it said ${JSON.stringify(server.said)}`,
    );
    const { url } = JSON.parse(server.said.stdout) as { url: string };
    const ask = async (key?: string) =>
      (await fetch(`${url}/api/v1/events`, key === undefined ? {} : { headers: { "X-API-Key": key } }))
        .status;
    expect(await ask()).toBe(200);

    const made = await daybook(folder, ["keys", "create"]);
    expect(made.status).toBe(0);
    expect(made.stdout).toMatch(/^dbk_[0-9A-Za-z]{49}\n$/);
    expect(made.stderr).toMatch(/^Key key_[0-9a-f]{12}: admin of the tenant default, every environment\./);
    const secret = made.stdout.trim();
    await until(
      async () => (await ask()) === 401,
      () => "a request without the key is refused",
    );
    expect(await ask(secret)).toBe(200);
    expect(await ask(`${secret.slice(0, -1)}${secret.endsWith("0") ? "1" : "0"}`)).toBe(401);

    const [key] = jsonLines((await daybook(folder, ["keys", "list", "--json"])).stdout);
    expect(key).toMatchObject({ name: "admin", role: "admin", tenant: "default", environments: null });
    expect(JSON.stringify(key)).not.toContain(secret.slice(4, 20));
    const revoked = await daybook(folder, ["keys", "revoke", String(key?.id)]);
    expect(revoked).toMatchObject({ status: 0, stdout: `${key?.id} is revoked\n` });
    await until(
      async () => (await ask(secret)) === 401,
      () => "the revoked key is refused",
    );
    // The last key is gone, and the server does not open.
    expect(await ask()).toBe(401);
    server.child.kill("SIGTERM");
    await server.ended;
  });

  it("binds a key to a role, a tenant and environments, and lists it", async () => {
    const folder = emptyFolder();
    const flags = [
      "--role",
      "writer",
      "--tenant",
      "acme",
      "--environment",
      "a",
      "--environment",
      "b",
      "--name",
      "ci",
    ];
    const [key] = jsonLines((await daybook(folder, ["keys", "create", ...flags, "--json"])).stdout);
    expect(key).toMatchObject({ name: "ci", role: "writer", tenant: "acme", environments: ["a", "b"] });
    const all = await daybook(folder, ["keys", "create", "--all-tenants", "--role", "auditor", "--json"]);
    expect(jsonLines(all.stdout)[0]).toMatchObject({ role: "auditor", tenant: null, environments: null });
    const { stdout } = await daybook(folder, ["keys", "list"]);
    expect(stdout).toMatch(/ID +NAME +ROLE +TENANT +ENVIRONMENTS +MADE/);
    expect(stdout).toMatch(/ci +writer +acme +a, b +20/);
    expect(stdout).toMatch(/auditor +auditor +\(all\) +\(all\)/);
  });

  it.each([
    [["keys", "create", "--role", "king"], "role must be one of writer, reader, auditor, admin."],
    [["keys", "make"], 'There is no action "make" of keys. Use create, list or revoke.'],
    [["keys", "revoke"], "Say which key. `daybook keys list` shows the ids."],
  ])("refuses %j in one line", async (args, line) => {
    const folder = emptyFolder();
    await daybook(folder, ["record", "--type", "a"]);
    const { status, stderr, stdout } = await daybook(folder, args);
    expect([status, stderr, stdout]).toEqual([2, `daybook: ${line}\n`, ""]);
  });

  it("says that a key is not there", async () => {
    const folder = emptyFolder();
    await daybook(folder, ["record", "--type", "a"]);
    const { status, stderr } = await daybook(folder, ["keys", "revoke", "key_none"]);
    expect([status, stderr]).toEqual([4, "daybook: There is no key with the id key_none.\n"]);
  });
});
