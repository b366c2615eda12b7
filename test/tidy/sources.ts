import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A file of the project: its path from the root and what it says. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

export interface Import {
  readonly specifier: string;
  readonly kind: "static" | "dynamic" | "type";
}

const SKIPPED = new Set(["node_modules", "samples"]);

/** Every file below the folder whose name ends like one of `endings`. */
export function readSources(folder: string, ...endings: string[]): Source[] {
  const found: Source[] = [];
  const walk = (dir: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) {
        if (!SKIPPED.has(entry.name)) walk(path);
      } else if (endings.some((ending) => entry.name.endsWith(ending))) {
        found.push({ path: relative(ROOT, path), text: readFileSync(path, "utf8") });
      }
    }
  };
  walk(join(ROOT, folder));
  return found;
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

const STATIC = /^(?:import|export)\s+(type\s+)?(?:[^;"']*?\sfrom\s*)?["']([^"']+)["']/gm;
const DYNAMIC = /\bimport\(\s*([^)]*?)\s*\)(\.\w)?/g;
const WORKER = /new URL\(\s*["'](\.[^"']+\.[tj]s)["']/g;

/** What a file imports. The formatter puts every static import at the start of a line. */
export function importsOf({ text }: Source): Import[] {
  const found: Import[] = [];
  for (const [, type, specifier] of text.matchAll(STATIC))
    found.push({ specifier: specifier as string, kind: type === undefined ? "static" : "type" });
  for (const [, argument = "", member] of text.matchAll(DYNAMIC)) {
    const literal = /^["']([^"']+)["']$/.exec(argument)?.[1];
    found.push({ specifier: literal ?? `(${argument})`, kind: member === undefined ? "dynamic" : "type" });
  }
  for (const [, specifier] of text.matchAll(WORKER))
    found.push({ specifier: specifier as string, kind: "dynamic" });
  return found;
}

/** The path from the root that a relative import names. */
export function resolved(source: Source, specifier: string): string {
  return join(dirname(source.path), specifier);
}

/** `@scope/name` or `name` of a package's specifier. */
export function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
