import { TrailError } from "../../base/error.ts";
import { Egress } from "../../forward/egress/egress.ts";
import { COSIGNATURE, parseVerifier } from "../../tlog/note.ts";
import { BucketWitness } from "./bucket-witness.ts";
import { FolderWitness, GitWitness } from "./folder-witness.ts";
import { HttpWitness } from "./http-witness.ts";
import type { Witness } from "./keeper.ts";

/** With what buckets are reached, as the AWS tools name it. */
export interface BucketKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly region: string;
}

const FIELD = "DAYBOOK_WITNESSES";

/**
 * Witnesses as configuration names them, with commas between: `KEY URL` of another Daybook or any C2SP
 * witness, `dir:PATH`, `git:PATH`, `bucket:URL`. Who sets the environment says where requests may go,
 * so private addresses are allowed. Throws `option.invalid`.
 */
export function parseWitnesses(text: string, bucketKey: BucketKey): Witness[] {
  const egress = new Egress({ allowPrivate: true });
  const parts = text.split(/[,\n]+/).map((part) => part.trim());
  return parts.filter((part) => part !== "").map((part) => parseOne(part, bucketKey, egress));
}

function parseOne(text: string, bucketKey: BucketKey, egress: Egress): Witness {
  const [, kind, rest] = /^(dir|git|bucket):(.+)$/.exec(text) ?? [];
  if (kind === "dir" && rest !== undefined) return new FolderWitness(rest);
  if (kind === "git" && rest !== undefined) return new GitWitness(rest);
  if (kind === "bucket" && rest !== undefined) {
    if (!URL.canParse(rest)) throw invalid("names a bucket by a URL");
    if (bucketKey.accessKeyId === "" || bucketKey.secretAccessKey === "")
      throw invalid("needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for a bucket");
    return new BucketWitness(new URL(rest), { ...bucketKey, service: "s3" }, egress);
  }
  const [key = "", url = "", ...more] = text.split(/\s+/);
  const verifier = parseVerifier(key);
  if (verifier?.type !== COSIGNATURE || !/^https?:\/\//.test(url) || !URL.canParse(url) || more.length > 0)
    throw invalid("names each witness as KEY URL, dir:PATH, git:PATH or bucket:URL");
  return new HttpWitness(url, verifier, egress);
}

function invalid(rule: string): TrailError {
  return new TrailError("option.invalid", `${FIELD} ${rule}.`, {
    field: FIELD,
    fix: "daybook witness, on the other Daybook, prints the line.",
  });
}
