import type { Egress } from "../../forward/egress/egress.ts";
import { parseCheckpoint } from "../../tlog/checkpoint.ts";
import { cosignedAt } from "../../tlog/cosignature.ts";
import { encodeNote, type Note, parseNote, type Verifier } from "../../tlog/note.ts";
import { Contradiction, type Submission, type Witness } from "./keeper.ts";

const TIMEOUT_MS = 10_000;
const INTERVAL_MS = 5_000;

/** A witness that speaks C2SP tlog-witness: another Daybook, or any other. */
export class HttpWitness implements Witness {
  readonly name: string;
  readonly intervalMs = INTERVAL_MS;
  readonly #url: string;
  readonly #verifier: Verifier;
  readonly #egress: Egress;

  constructor(url: string, verifier: Verifier, egress: Egress) {
    this.name = `${verifier.name} at ${url}`;
    this.#url = url.replace(/\/$/, "");
    this.#verifier = verifier;
    this.#egress = egress;
  }

  async show(submission: Submission): Promise<string> {
    const { checkpoint, text, last } = submission;
    let old = last?.size ?? 0;
    for (let tries = 0; tries < 2; tries++) {
      const { status, body } = await this.#post(await requestBody(submission, old));
      if (status === 200) return this.#confirmed(text, body);
      if (status !== 409) {
        const why = `it answers ${status}: ${body.slice(0, 200).trim()}`;
        throw status === 422 ? new Contradiction(why) : new Error(why);
      }
      const size = /^(0|[1-9]\d{0,15})\n?$/.exec(body)?.[1];
      if (size === undefined) throw new Error("it answers 409 without a size");
      if (Number(size) > checkpoint.size)
        throw new Contradiction(`it has seen ${size} events of this log, which has ${checkpoint.size} now`);
      if (Number(size) === checkpoint.size && old === checkpoint.size)
        throw new Contradiction(`it has seen another tree of ${size} events`);
      old = Number(size);
    }
    throw new Error("it was shown another checkpoint at the same time");
  }

  /** A Daybook tells what it saw; other witnesses do not. */
  async newest(origin: string): Promise<string | null> {
    const url = `${this.#url}/checkpoint?origin=${encodeURIComponent(origin)}`;
    const { status, body } = await this.#egress.send({
      method: "GET",
      url,
      headers: {},
      body: "",
      timeoutMs: TIMEOUT_MS,
    });
    return status === 200 && parseCheckpoint(body) !== null ? body : null;
  }

  confirmedAt(note: Note): number | null {
    return cosignedAt(note, this.#verifier);
  }

  #post(body: string) {
    const headers = { "content-type": "text/plain; charset=utf-8" };
    const url = `${this.#url}/add-checkpoint`;
    return this.#egress.send({ method: "POST", url, headers, body, timeoutMs: TIMEOUT_MS });
  }

  /** The checkpoint with the cosignature, which must be by the key that we were told. */
  #confirmed(text: string, lines: string): string {
    const note = parseNote(text);
    const signed = parseNote(`${note?.text ?? ""}\n${lines}`);
    if (note === null || signed === null) throw new Error("its answer is no cosignature");
    if (cosignedAt(signed, this.#verifier) === null)
      throw new Error("its cosignature is not by the key that it was said to have");
    return encodeNote({ text: note.text, signatures: [...note.signatures, ...signed.signatures] });
  }
}

async function requestBody({ text, proof }: Submission, old: number): Promise<string> {
  const hashes = old === 0 ? [] : await proof(old);
  const lines = [`old ${old}`, ...hashes.map((hash) => Buffer.from(hash).toString("base64"))];
  return `${lines.join("\n")}\n\n${text}`;
}
