import { hash } from "node:crypto";
import { type SigningKey, signedHeaders } from "../../forward/destinations/sigv4.ts";
import type { Egress } from "../../forward/egress/egress.ts";
import { parseCheckpoint } from "../../tlog/checkpoint.ts";
import { sameBytes } from "../../tlog/hash.ts";
import { fileOf, folderOf, holdAgainst, KEEP_EVERY_MS } from "./folder-witness.ts";
import { Contradiction, type Submission, type Witness } from "./keeper.ts";

const TIMEOUT_MS = 15_000;
const NEWEST = "newest.checkpoint";

/**
 * An S3 bucket, best with Object Lock: each checkpoint is an object that is made once (`If-None-Match:
 * *`). Beside them one object names the newest, because listing a bucket is a right that a writer need not
 * have; it is a hint, and who verifies reads the objects themselves.
 */
export class BucketWitness implements Witness {
  readonly name: string;
  readonly intervalMs = KEEP_EVERY_MS;
  readonly #url: URL;
  readonly #key: SigningKey;
  readonly #egress: Egress;

  /** `url` is the bucket's own, `https://bucket.s3.region.amazonaws.com/prefix/`. */
  constructor(url: URL, key: SigningKey, egress: Egress) {
    this.name = `bucket ${url.origin}${url.pathname}`;
    this.#url = url;
    this.#key = key;
    this.#egress = egress;
  }

  async show(submission: Submission): Promise<string> {
    const { checkpoint, text } = submission;
    await holdAgainst(await this.newest(checkpoint.origin), submission);
    const folder = folderOf(checkpoint.origin);
    const { status, body } = await this.#send("PUT", `${folder}/${fileOf(checkpoint)}`, text, {
      "if-none-match": "*",
    });
    if (status === 412) await this.#holdSame(submission);
    else if (status >= 300) throw new Error(`it answers ${status}: ${body.slice(0, 200)}`);
    await this.#send("PUT", `${folder}/${NEWEST}`, text, {});
    return text;
  }

  async newest(origin: string): Promise<string | null> {
    const { status, body } = await this.#send("GET", `${folderOf(origin)}/${NEWEST}`, "", {});
    if (status === 404 || status === 403) return null;
    if (status !== 200) throw new Error(`it answers ${status}: ${body.slice(0, 200)}`);
    return body;
  }

  confirmedAt(): null {
    return null;
  }

  /** The object is there already: of an earlier try, or of another history. */
  async #holdSame({ checkpoint }: Submission): Promise<void> {
    const path = `${folderOf(checkpoint.origin)}/${fileOf(checkpoint)}`;
    const { status, body } = await this.#send("GET", path, "", {});
    const kept = status === 200 ? parseCheckpoint(body) : null;
    if (kept === null) throw new Error(`the object ${path} cannot be read: ${status}`);
    if (!sameBytes(kept.root, checkpoint.root))
      throw new Contradiction(`it keeps another tree of ${checkpoint.size} events`);
  }

  #send(method: string, path: string, body: string, extra: Record<string, string>) {
    const url = new URL(this.#url);
    url.pathname = `${url.pathname.replace(/\/$/, "")}/${path}`;
    const headers = {
      "content-type": "text/plain; charset=utf-8",
      ...(method === "PUT" ? { "x-amz-checksum-sha256": hash("sha256", body, "base64") } : {}),
      ...extra,
    };
    const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
    const bytes = Buffer.from(body);
    const { host: _, ...signed } = signedHeaders({ method, url, headers, body: bytes }, this.#key, date);
    return this.#egress.send({ method, url: url.href, headers: signed, body: bytes, timeoutMs: TIMEOUT_MS });
  }
}
