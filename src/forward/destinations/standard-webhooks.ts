import { createHmac, createPrivateKey, sign } from "node:crypto";
import { formatMicros } from "../../base/clock.ts";
import { judgeStatus, option, overHttp } from "./over-http.ts";

/** PKCS #8 in front of the 32 bytes of an Ed25519 seed (RFC 8410). */
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * Standard Webhooks 1.0.0: `webhook-id` is the event's id and the same on every try, so receivers can
 * tell a repetition; the signature covers id, time and body.
 */
export const standardWebhooks = overHttp({
  type: "standard_webhooks",
  name: "Standard Webhooks",
  docsUrl: "https://www.standardwebhooks.com/",
  limits: { events: 1, bytes: 1 << 20, eventBytes: 1 << 20, overheadBytes: 200, lingerMs: 200 },
  format: "native",
  template: {
    method: "POST",
    url: null,
    headers: {},
    placeholders: { secret: { label: "Signing secret", secret: true, placeholder: "whsec_…" } },
    transform: null,
  },
  options: {
    secret: {
      type: "text",
      secret: true,
      required: true,
      doc: "whsec_<base64> (HMAC) or whsk_<base64> (Ed25519).",
    },
  },
  encode([item], configuration) {
    const id = item?.event.id ?? "";
    const type = item?.event.type ?? "";
    const happened = formatMicros(item?.event.occurredAt ?? 0);
    const body = `{"type":${JSON.stringify(type)},"timestamp":"${happened}","data":${dataOf(item?.text, item?.payload)}}`;
    const timestamp = Math.floor(Date.now() / 1000);
    return {
      method: configuration.method,
      url: configuration.url,
      headers: {
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": signature(option(configuration, "secret", ""), `${id}.${timestamp}.${body}`),
      },
      body,
    };
  },
  judge(answer, _, { successStatus }) {
    // The specification: 410 means that the endpoint wants no more.
    if (answer.status === 410)
      return { verdict: "gone", reason: "The receiver answered 410: it wants no more." };
    return judgeStatus(answer, successStatus);
  },
});

function dataOf(text = "null", payload: unknown): string {
  return typeof payload === "string" ? JSON.stringify(payload) : text;
}

/** `v1,<base64>` with a shared secret, `v1a,<base64>` with a private key. */
export function signature(secret: string, content: string): string {
  const key = Buffer.from(secret.replace(/^whs(ec|k)_/, ""), "base64");
  if (!secret.startsWith("whsk_")) return `v1,${createHmac("sha256", key).update(content).digest("base64")}`;
  const der = Buffer.concat([PKCS8_ED25519, key.subarray(0, 32)]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return `v1a,${sign(null, Buffer.from(content), privateKey).toString("base64")}`;
}
