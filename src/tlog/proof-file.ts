import { parseCheckpoint, type SignedCheckpoint } from "./checkpoint.ts";
import { HASH_BYTES } from "./hash.ts";

/** The proof of one entry that needs nothing else, C2SP tlog-proof; files end in `.tlog-proof`. */
export interface ProofFile {
  readonly index: number;
  readonly hashes: readonly Uint8Array[];
  /** The signed note as the log gave it. */
  readonly checkpoint: string;
  /** Not covered by the proof. */
  readonly extra?: Uint8Array;
}

const HEADER = "c2sp.org/tlog-proof@v1";
const HASHES_MAX = 63;

export function encodeProofFile({ index, hashes, checkpoint, extra }: ProofFile): string {
  const lines = [HEADER];
  if (extra !== undefined) lines.push(`extra ${Buffer.from(extra).toString("base64")}`);
  lines.push(`index ${index}`, ...hashes.map((hash) => Buffer.from(hash).toString("base64")));
  return `${lines.join("\n")}\n\n${checkpoint}`;
}

/** Null for what is no proof. Says nothing about whether it holds. */
export function parseProofFile(text: string): (ProofFile & { readonly signed: SignedCheckpoint }) | null {
  const end = text.indexOf("\n\n");
  const checkpoint = text.slice(end + 2);
  const signed = end < 0 ? null : parseCheckpoint(checkpoint);
  const [header, ...lines] = text.slice(0, Math.max(end, 0)).split("\n");
  if (signed === null || header !== HEADER) return null;
  const extra = lines[0]?.startsWith("extra ") ? lines.shift()?.slice(6) : undefined;
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? "")?.[1];
  const hashes = lines.map((line) => Uint8Array.from(Buffer.from(line, "base64")));
  if (index === undefined || hashes.length > HASHES_MAX) return null;
  if (hashes.some((hash) => hash.length !== HASH_BYTES)) return null;
  return {
    index: Number(index),
    hashes,
    checkpoint,
    signed,
    ...(extra === undefined ? {} : { extra: Uint8Array.from(Buffer.from(extra, "base64")) }),
  };
}
