import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openTrail } from "../../src/index.ts";
import { daybook, emptyFolder, jsonLines } from "./daybook.ts";

describe("daybook approvals", () => {
  it("lists what waits, decides with a signature, and says no to a second word", async () => {
    const folder = emptyFolder();
    const trail = openTrail(join(folder, "daybook.db"));
    const id = trail.approvals.request({ tool: "bank.transfer\u001b[2J", args: { amount: 10 } });
    await trail.close();
    const listed = await daybook(folder, ["approvals", "list", "--state", "pending"]);
    expect(listed.stdout).toContain(id);
    expect(listed.stdout).not.toContain("\u001b[2J");
    const { privateKey } = generateKeyPairSync("ed25519");
    writeFileSync(join(folder, "me.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
    const flags = ["--reason", "fine", "--sign-with", "me.pem", "--json"];
    const [decided] = jsonLines((await daybook(folder, ["approvals", "approve", id, ...flags])).stdout);
    expect(decided).toMatchObject({ state: "approved", reason: "fine", signature: { isValid: true } });
    const again = await daybook(folder, ["approvals", "deny", id]);
    expect(again).toMatchObject({ status: 5, stderr: expect.stringContaining("approved already") });
    expect((await daybook(folder, ["approvals", "list", "--state", "odd"])).status).toBe(2);
    expect((await daybook(folder, ["approvals", "sing"])).status).toBe(2);
  });
});
