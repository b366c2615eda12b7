import { homedir, hostname } from "node:os";
import { join } from "node:path";
import type { Recorded } from "./lane.ts";

type Json = Record<string, unknown>;

const ROOT = join(import.meta.dirname, "../..");
/** Longer texts are programs' instructions to models and descriptions of tools: not ours to keep. */
const TEXT_MAX = 400;
const TEXT_KEPT = 60;
/** What a program says of the machine on which it runs. */
const OF_MACHINE = /^(?:process\.(?!exit)|host\.|os\.)/;
/** Of spans and records that are no agent's work, so many are kept. */
const OTHERS_MAX = 12;

/** What an agent told, small, and without a word of this machine: one line a hook, one a request of OTLP. */
export function cleaned(
  recorded: Recorded,
  { dir, tools }: { dir: string; tools: string },
): Map<string, string> {
  const text = (of: string): string =>
    of.replaceAll(dir, "/home/dev/lane").replaceAll(tools, "/opt/agents").replaceAll(ROOT, "/opt/daybook");
  const files = new Map<string, string>();
  files.set("hooks.ndjson", recorded.hooks.map((line) => lineOf(short(JSON.parse(text(line))))).join(""));
  const trim = new Trim();
  const otlp = recorded.otlp
    .filter(({ path }) => path !== "/v1/metrics")
    .map(({ path, type, body }) => {
      if (type.includes("json"))
        return { path, body: short(trim.request(JSON.parse(text(body.toString("utf8"))))) };
      return path === "/v1/logs" ? { path, base64: withoutHost(body).toString("base64") } : undefined;
    });
  files.set(
    "otlp.ndjson",
    otlp
      .filter((it) => it !== undefined)
      .map(lineOf)
      .join(""),
  );
  let number = 0;
  for (const [path, lines] of recorded.files) {
    const cut = lines
      .trimEnd()
      .split("\n")
      .map((line) => lineOf(short(JSON.parse(text(line)))));
    files.set(`transcripts/${++number}-${path.split("/").at(-1)}`, cut.join(""));
  }
  for (const [name, written] of files) {
    for (const word of [ROOT, tools, dir, `${homedir()}/`])
      if (written.replaceAll("/$bunfs/root/", "").includes(word)) throw new Error(`${name} names ${word}`);
  }
  return files;
}

const lineOf = (value: unknown): string => `${JSON.stringify(value)}\n`;

function short(value: unknown): unknown {
  if (typeof value === "string") return value.length > TEXT_MAX ? `${value.slice(0, TEXT_KEPT)}…` : value;
  if (Array.isArray(value)) return value.map(short);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, short(inner)]));
}

/** In protobuf a name is followed by its value: of the same length, so that all lengths hold. */
function withoutHost(body: Buffer): Buffer {
  const name = hostname();
  const bytes = body.toString("latin1");
  const at = new RegExp(`(host\\.name\\x12[\\s\\S]\\n[\\s\\S])${name}`, "g");
  return Buffer.from(
    bytes.replaceAll(at, (_, before: string) => before + "h".repeat(name.length)),
    "latin1",
  );
}

interface Attribute {
  readonly key: string;
}

/** Of the hundreds of spans that are no agent's work, one of a name and few of all. */
class Trim {
  readonly #names = new Set<string>();

  request(body: Json): Json {
    return Object.fromEntries(
      Object.entries(body).map(([key, resources]) => [
        key,
        (resources as Json[]).map((it) => this.#resource(it)),
      ]),
    );
  }

  #resource({ resource, ...scopes }: Json): Json {
    const { attributes = [], ...rest } = (resource ?? {}) as { attributes?: Attribute[] };
    const kept = attributes.filter(({ key }) => !OF_MACHINE.test(key));
    const [name = "", list] = Object.entries(scopes).find(([, value]) => Array.isArray(value)) ?? [];
    return {
      resource: { ...rest, attributes: kept },
      [name]: ((list ?? []) as Json[]).map((scope) => this.#scope(scope)),
    };
  }

  #scope(scope: Json): Json {
    const items = Object.entries(scope).map(([key, value]) => [
      key,
      key === "spans" || key === "logRecords"
        ? (value as Json[]).filter((item) => this.#isKept(item))
        : value,
    ]);
    return Object.fromEntries(items);
  }

  #isKept({ name, attributes }: Json): boolean {
    const keys = ((attributes ?? []) as Attribute[]).map(({ key }) => key);
    if (keys.some((key) => /^(?:ai|gen_ai)\.|^event\.name$/.test(key))) return true;
    const known = String(name ?? "record");
    if (this.#names.has(known) || this.#names.size >= OTHERS_MAX) return false;
    this.#names.add(known);
    return true;
  }
}
