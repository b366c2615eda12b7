import { BlockList, isIP } from "node:net";

/** What no forwarder may reach unless it was allowed: not only private networks, but all that is no host on the Internet. */
const PRIVATE_V4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const;

/** Forms that carry an IPv4 address inside (NAT64, 6to4, Teredo, compatible) are refused as a whole. */
const PRIVATE_V6 = [
  ["::", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
] as const;

const refused = new BlockList();
for (const [net, bits] of PRIVATE_V4) refused.addSubnet(net, bits, "ipv4");
for (const [net, bits] of PRIVATE_V6) refused.addSubnet(net, bits, "ipv6");

/** Whether an address is one of the public Internet. Text that is no address is not. */
export function isPublic(address: string): boolean {
  const [bare = ""] = address.split("%");
  const family = isIP(bare);
  if (family === 0) return false;
  const mapped = family === 6 ? mappedV4(bare) : null;
  if (mapped !== null) return !refused.check(mapped, "ipv4");
  return !refused.check(bare, family === 4 ? "ipv4" : "ipv6");
}

/** `::ffff:10.0.0.1`, in dots or in hex, as the IPv4 address that a socket would reach. */
function mappedV4(address: string): string | null {
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const match = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (match === null) return null;
  const [high = 0, low = 0] = match.slice(1).map((part) => Number.parseInt(part, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
