import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../../src/http/app.ts";
import { listen } from "../../src/http/listen.ts";
import { openTrail, type Trail } from "../../src/index.ts";
import { parseVerifier, type Verifier } from "../../src/tlog/note.ts";
import type { Witness } from "../../src/trail/witness/keeper.ts";
import { parseWitnesses } from "../../src/trail/witness/targets.ts";

const NO_KEY = { accessKeyId: "", secretAccessKey: "", sessionToken: "", region: "" };

/** A folder for trails of one test. */
export class Ground {
  readonly folder = mkdtempSync(join(tmpdir(), "daybook-witness-"));
  readonly #closing: Array<() => Promise<unknown>> = [];

  open(name: string): Trail {
    const trail = openTrail(join(this.folder, `${name}.db`));
    this.#closing.push(() => trail.close());
    return trail;
  }

  /** The store with its keys, of a trail that is closed, under another name. */
  copy(from: string, to: string): void {
    for (const ending of ["db", "db.keys", "db.keys.seen"])
      cpSync(join(this.folder, `${from}.${ending}`), join(this.folder, `${to}.${ending}`));
  }

  /** A Daybook on a real port that witnesses these logs. */
  async serve(
    name: string,
    watched: readonly string[],
  ): Promise<{ url: string; trail: Trail; witness: Witness }> {
    const trail = this.open(name);
    const verifiers = watched
      .map((text) => parseVerifier(text))
      .filter((found): found is Verifier => found !== null);
    const app = createApp({ trail, watched: verifiers, log: () => undefined });
    const listening = await listen(app, { host: "127.0.0.1", port: 0 });
    this.#closing.unshift(async () => {
      app.stop();
      await listening.close();
    });
    return { url: listening.url, trail, witness: witnessAt(trail, listening.url) };
  }

  async close(): Promise<void> {
    for (const close of this.#closing) await close();
    rmSync(this.folder, { recursive: true });
  }
}

function witnessAt(trail: Trail, url: string): Witness {
  const [witness] = parseWitnesses(`${trail.log.identity()?.witness} ${url}/witness`, NO_KEY);
  if (witness === undefined) throw new Error("no witness");
  return witness;
}

export function keptBy(text: string): Witness {
  const [witness] = parseWitnesses(text, { ...NO_KEY, accessKeyId: "me", secretAccessKey: "secret" });
  if (witness === undefined) throw new Error("no witness");
  return witness;
}

export async function record(trail: Trail, count: number, summary = "call"): Promise<void> {
  for (let n = 0; n < count; n++) trail.record({ type: "tool.execute", summary: `${summary} ${n}` });
  await trail.flush();
  await trail.seal();
}

/** What a verification found broken, and where it stands. */
export async function judged(trail: Trail, witnesses: readonly Witness[] = []) {
  const verdict = await trail.verify({ witnesses });
  return {
    holds: verdict.holds,
    problems: [...new Set(verdict.claims.flatMap(({ problems }) => problems.map(({ kind }) => kind)))].sort(),
    says: Object.fromEntries(
      verdict.claims.map(({ claim, says, conditions }) => [claim, [says, ...conditions].join(" ")]),
    ),
  };
}
