import { hash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { formatMicros } from "../../base/clock.ts";
import type { Configuration, Item } from "../destination.ts";
import { judgeStatus, option, overHttp } from "./over-http.ts";
import { signedHeaders } from "./sigv4.ts";

const DAY_MS = 86_400_000;

/**
 * S3 and what speaks it: an object of NDJSON for each batch, named by its first and last `seq`, made once
 * (`If-None-Match: *`), and, where the bucket has Object Lock, kept for `retain_days`. An object that is
 * there already holds these events: it was written before a crash.
 */
export const s3 = overHttp({
  type: "s3",
  name: "Amazon S3",
  docsUrl: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html",
  limits: { events: 5_000, bytes: 16 << 20, eventBytes: 4 << 20, overheadBytes: 1, lingerMs: 30_000 },
  format: "native",
  template: {
    method: "PUT",
    url: "https://{bucket}.s3.{region}.amazonaws.com/",
    headers: {},
    placeholders: {
      bucket: { label: "Bucket" },
      region: { label: "Region", default: "us-east-1" },
    },
    transform: null,
  },
  options: {
    region: { type: "text", required: true, doc: "As the bucket's: us-east-1." },
    access_key_id: { type: "text", required: true, doc: "Who signs." },
    secret_access_key: { type: "text", secret: true, required: true, doc: "Its secret." },
    session_token: { type: "text", secret: true, doc: "Of temporary credentials." },
    object_lock_mode: { type: "text", oneOf: ["COMPLIANCE", "GOVERNANCE"], doc: "Object Lock." },
    retain_days: { type: "count", doc: "For how long, with object_lock_mode." },
  },
  encode(items, configuration) {
    const body = gzipSync(items.map(({ text }) => `${text}\n`).join(""));
    const url = new URL(configuration.url);
    url.pathname = `${url.pathname.replace(/\/$/, "")}/${objectKey(items)}`;
    const headers = {
      "content-type": "application/x-ndjson",
      "content-encoding": "gzip",
      "if-none-match": "*",
      "x-amz-checksum-sha256": hash("sha256", body, "base64"),
      ...lockOf(configuration),
    };
    const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
    const signed = signedHeaders(
      { method: configuration.method, url, headers, body },
      keyOf(configuration),
      date,
    );
    const { host: _, ...sent } = signed;
    return { method: configuration.method, url: url.href, headers: sent, body };
  },
  judge(answer, _, { successStatus }) {
    if (answer.status === 412) return { verdict: "ok" };
    // Two writers of one object at the same moment.
    if (answer.status === 409) return { verdict: "retry", reason: "The object is being written." };
    if (answer.status === 400) return { verdict: "hold", reason: "The bucket refuses the request." };
    return judgeStatus(answer, successStatus);
  },
});

/** `default/2026/03/01/000000000001-000000000500.ndjson.gz`: sorts by seq within a day. */
function objectKey(items: readonly Item[]): string {
  const [first, last] = [items[0]?.event, items.at(-1)?.event];
  if (first === undefined || last === undefined) return "empty";
  const day = formatMicros(first.recordedAt).slice(0, 10).replaceAll("-", "/");
  const name = (seq: number): string => String(seq).padStart(12, "0");
  const tenant = first.tenant.replace(/[^A-Za-z0-9_-]/g, (c) => `=${c.codePointAt(0)?.toString(16)}=`);
  return `${tenant}/${day}/${name(first.seq)}-${name(last.seq)}.ndjson.gz`;
}

function lockOf({ options }: Configuration): Record<string, string> {
  const { object_lock_mode: mode, retain_days: days } = options;
  if (typeof mode !== "string" || typeof days !== "number") return {};
  return {
    "x-amz-object-lock-mode": mode,
    "x-amz-object-lock-retain-until-date": new Date(Date.now() + days * DAY_MS).toISOString(),
  };
}

function keyOf(configuration: Configuration) {
  return {
    accessKeyId: option(configuration, "access_key_id", ""),
    secretAccessKey: option(configuration, "secret_access_key", ""),
    sessionToken: option(configuration, "session_token", ""),
    region: option(configuration, "region", "us-east-1"),
    service: "s3",
  };
}
