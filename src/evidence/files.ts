import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { extname } from "node:path";
import { PYTHON_VERIFIER } from "./python.ts";

/** The end of the verifier in JavaScript: what makes a program of it. */
const MAIN = `
const { process: program } = globalThis;
const words = program?.argv.slice(2) ?? [];
if (program !== undefined) {
  const { readFileSync } = await import("node:fs");
  const trusted = words.filter((_, i) => words[i - 1] === "--key");
  const witnesses = words.filter((_, i) => words[i - 1] === "--witness");
  const isPath = (word) => !word.startsWith("--") && !trusted.includes(word) && !witnesses.includes(word);
  const path = words.find(isPath) ?? "evidence.ndjson";
  const verdict = await checkEvidence(readFileSync(path, "utf8").split("\\n"), trusted, witnesses);
  if (words.includes("--json")) {
    const claims = Object.fromEntries(verdict.claims.map(({ claim, standing }) => [claim, standing]));
    const problems = [...new Set(verdict.claims.flatMap((claim) => claim.problems.map(({ kind }) => kind)))].sort();
    console.log(JSON.stringify({ holds: verdict.holds, claims, problems }));
  } else console.log(linesOf(verdict).join("\\n"));
  program.exitCode = verdict.holds ? 0 : 1;
}
`;

const HEAD = `/*
 * Checks a Daybook evidence bundle. Needs nothing but Node 20 or later; in a browser, import checkEvidence.
 *
 *     node verify.mjs evidence.ndjson [--key NAME+ID+KEY] [--witness NAME+ID+KEY] [--json]
 *
 * Exit status 0: every claim that can be checked holds.
 *
 * For each event: the payload must open the commitment in the entry, and the entry's hash must lead, by its
 * proof (RFC 9162 section 2.1.3.2), to the root of the checkpoint, which a key of the log must have signed
 * (C2SP signed-note, Ed25519). First the verdict, then the check, then the program.
 */
`;

const README = `This folder is evidence from a Daybook log: what was recorded, and what proves it.

  evidence.ndjson  the proof: a header, a line for each event, a line that says how many
  report.html      the same for people; proves nothing by itself
  verify.mjs       checks evidence.ndjson:  node verify.mjs evidence.ndjson --key 'NAME+ID+KEY'
  verify.py        the same, independently: python3 verify.py evidence.ndjson --key 'NAME+ID+KEY'

Get the key from the log's operator by another way than this folder. Without --key the verifiers trust the
key in the bundle, and say so. Both are short, without dependencies, and meant to be read.

A line of evidence.ndjson: "entry" is the exact text that was hashed into the log; its last value is
SHA-256("daybook/payload/v1\\n", salt, payload) in hex. SHA-256(0x00, entry) leads, by "proof" and RFC 9162
section 2.1.3.2, to the root in the header's checkpoint, a C2SP signed note (Ed25519).
`;

/** The files of a bundle that are the same in all of them. */
export function bundleFiles(): ReadonlyArray<readonly [name: string, text: string]> {
  return [
    ["verify.mjs", HEAD + sourceOf("verdict") + sourceOf("check") + MAIN],
    ["verify.py", PYTHON_VERIFIER],
    ["README.txt", README],
  ];
}

/** A module of src/evidence as JavaScript, without its imports: they stand in the same file. */
function sourceOf(name: string): string {
  const ending = extname(import.meta.url);
  const text = readFileSync(new URL(`./${name}${ending}`, import.meta.url), "utf8");
  const plain = ending === ".ts" ? stripTypeScriptTypes(text) : text;
  return plain.replaceAll(/^import .*;$/gm, "").replaceAll(/^\/\/# sourceMappingURL.*$/gm, "");
}
