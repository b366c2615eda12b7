import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isPublic } from "../../src/forward/egress/address.ts";
import { ANSWER_BYTES, Egress, EgressRefused, PORTS } from "../../src/forward/egress/egress.ts";
import { openReceiver, type Receiver } from "./receiver.ts";

let receiver: Receiver;
beforeAll(async () => {
  receiver = await openReceiver();
});
afterAll(() => receiver.close());

const request = (url: string, more: object = {}) => ({
  method: "POST",
  url,
  headers: { "content-type": "text/plain", authorization: "Bearer secret" },
  body: "body",
  timeoutMs: 2_000,
  ...more,
});

describe("the way out", () => {
  it.each([
    "127.0.0.1",
    "127.8.8.8",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "not an address",
  ])("knows %s as no host of the Internet", (address) => {
    expect(isPublic(address)).toBe(false);
  });

  it.each(["1.1.1.1", "93.184.216.34", "172.32.0.1", "192.169.0.1", "2606:4700:4700::1111"])(
    "knows %s as one",
    (address) => {
      expect(isPublic(address)).toBe(true);
    },
  );

  it.each([
    "http://127.0.0.1:8080/",
    "http://localhost:8080/",
    "http://[::1]:8080/",
    "http://[::ffff:127.0.0.1]:8080/",
    "http://169.254.169.254/latest/meta-data/",
    // The other spellings of addresses that URLs allow.
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
  ])("refuses %s", async (url) => {
    await expect(new Egress({ allowPrivate: false }).send(request(url))).rejects.toBeInstanceOf(
      EgressRefused,
    );
  });

  it("reaches only ports that are allowed, before it resolves anything", async () => {
    const egress = new Egress({ allowPrivate: false });
    for (const port of [22, 25, 5_432, 6_379, 11_211]) {
      expect(PORTS).not.toContain(port);
      await expect(egress.resolve("no-such-name.invalid", port)).rejects.toBeInstanceOf(EgressRefused);
    }
    const narrow = new Egress({ allowPrivate: false, ports: [443] });
    await expect(narrow.resolve("1.1.1.1", 80)).rejects.toBeInstanceOf(EgressRefused);
    expect(await narrow.resolve("1.1.1.1", 443)).toEqual({ address: "1.1.1.1", family: 4 });
  });

  it("judges each redirect again, and takes no secret to another origin", async () => {
    const other = await openReceiver();
    const egress = new Egress({ allowPrivate: true });
    receiver.behave(() => ({ status: 307, headers: { location: `${other.url}/there` } }));
    const { status } = await egress.send(request(receiver.url));
    expect([status, other.requests[0]?.url, other.requests[0]?.body]).toEqual([200, "/there", "body"]);
    expect(other.requests[0]?.headers.authorization).toBeUndefined();
    for (const location of ["file:///etc/passwd", "ftp://1.1.1.1/"]) {
      receiver.behave(() => ({ status: 308, headers: { location } }));
      await expect(egress.send(request(receiver.url))).rejects.toBeInstanceOf(EgressRefused);
    }
    // Others are answers, not orders; and a circle ends.
    receiver.behave(() => ({ status: 302, headers: { location: other.url } }));
    expect((await egress.send(request(receiver.url))).status).toBe(302);
    receiver.behave(() => ({ status: 307, headers: { location: receiver.url } }));
    expect((await egress.send(request(receiver.url))).status).toBe(307);
    await other.close();
  });

  it("reads no more of an answer than it keeps, and waits no longer than it said", async () => {
    const egress = new Egress({ allowPrivate: true });
    receiver.behave(() => ({ status: 200, body: "x".repeat(4 * ANSWER_BYTES) }));
    expect((await egress.send(request(receiver.url))).body).toHaveLength(ANSWER_BYTES);
    receiver.behave(() => "hang");
    await expect(egress.send(request(receiver.url, { timeoutMs: 100 }))).rejects.toThrow(
      "No answer within 100 ms",
    );
  });
});
