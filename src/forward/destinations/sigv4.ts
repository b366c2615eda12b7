import { createHmac, hash } from "node:crypto";

/** Who signs, and for where. */
export interface SigningKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly region: string;
  readonly service: string;
}

/**
 * The headers of a request signed with AWS Signature Version 4. `date` is in the basic form,
 * `20130524T000000Z`. The path must be encoded as it will be sent.
 */
export function signedHeaders(
  request: { method: string; url: URL; headers: Readonly<Record<string, string>>; body: Buffer },
  key: SigningKey,
  date: string,
): Record<string, string> {
  const bodyHash = hash("sha256", request.body, "hex");
  const headers: Record<string, string> = {
    ...request.headers,
    host: request.url.host,
    "x-amz-content-sha256": bodyHash,
    "x-amz-date": date,
    ...(key.sessionToken === "" ? {} : { "x-amz-security-token": key.sessionToken }),
  };
  const names = Object.keys(headers).map((name) => [name.toLowerCase(), name] as const);
  names.sort(([a], [b]) => (a < b ? -1 : 1));
  const signedNames = names.map(([lower]) => lower).join(";");
  const canonical = [
    request.method,
    request.url.pathname,
    canonicalQuery(request.url.searchParams),
    ...names.map(([lower, name]) => `${lower}:${(headers[name] ?? "").trim().replace(/\s+/g, " ")}`),
    "",
    signedNames,
    bodyHash,
  ].join("\n");
  const scope = `${date.slice(0, 8)}/${key.region}/${key.service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", date, scope, hash("sha256", canonical, "hex")].join("\n");
  const signature = hmac(signingKey(key, date.slice(0, 8)), toSign).toString("hex");
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/${scope},SignedHeaders=${signedNames},Signature=${signature}`;
  return headers;
}

function canonicalQuery(params: URLSearchParams): string {
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return [...params]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
}

function signingKey({ secretAccessKey, region, service }: SigningKey, day: string): Buffer {
  return [day, region, service, "aws4_request"].reduce<Buffer>(
    (key, part) => hmac(key, part),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
