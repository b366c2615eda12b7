import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { isObject, type JsonValue } from "../../base/json.ts";

/** What somebody who decides puts their name to. */
export interface Decided {
  readonly approvalId: string;
  /** The digest of the call that was decided about; empty where its arguments are not known. */
  readonly digest: string;
  readonly decision: "approved" | "denied";
  readonly by: string;
  readonly reason: string;
}

/** An Ed25519 signature (RFC 8032) of a decision. */
export interface DecisionSignature {
  /** The public key, raw, in base64. */
  readonly key: string;
  readonly value: string;
}

/** The text that is signed: its name, then one JSON text a line. */
export function decisionStatement({ approvalId, digest, decision, by, reason }: Decided): string {
  const lines = [approvalId, digest, decision, by, reason].map((line) => JSON.stringify(line));
  return `daybook/approval/v1\n${lines.join("\n")}\n`;
}

export function signDecision(decided: Decided, privateKey: KeyObject): DecisionSignature {
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  return {
    key: Buffer.from(x, "base64url").toString("base64"),
    value: sign(null, Buffer.from(decisionStatement(decided)), privateKey).toString("base64"),
  };
}

/** Null where nothing is signed; false also for what is no signature at all. */
export function judgeDecision(decided: Decided, signature: JsonValue | undefined): boolean | null {
  if (signature === undefined || signature === null) return null;
  if (!isObject(signature)) return false;
  const { key, value } = signature;
  if (typeof key !== "string" || typeof value !== "string") return false;
  try {
    const x = Buffer.from(key, "base64").toString("base64url");
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return verify(null, Buffer.from(decisionStatement(decided)), publicKey, Buffer.from(value, "base64"));
  } catch {
    return false;
  }
}
