import { layerOf } from "./layers.ts";
import { importsOf, packageOf, resolved, type Source } from "./sources.ts";

/** A house rule: what breaks it, one line each. Every guard has a canary in tidy.test.ts. */
export type Guard = (sources: readonly Source[]) => string[];

const LINES_MAX = 600;
const FUNCTION_LINES_MAX = 70;
const FILES_MAX = 15;

/** Imports of src/ obey layers.ts: static, dynamic and type ones. */
export const importRule: Guard = (sources) =>
  sources.flatMap((source) => {
    const layer = layerOf(source.path.replace(/^src\//, ""));
    if (layer === undefined) return [`${source.path} is in no folder of layers.ts`];
    return importsOf(source).flatMap(({ specifier, kind }) => {
      const broken = (why: string) => [`${source.path} ${why}`];
      if (specifier.startsWith("node:")) return [];
      if (specifier.startsWith("(")) return broken(`imports ${specifier}, which nobody can check`);
      if (!specifier.startsWith(".")) {
        return layer.packages.includes(packageOf(specifier))
          ? []
          : broken(`imports the package ${specifier}`);
      }
      const path = resolved(source, specifier);
      const other = layerOf(path.replace(/^src\//, ""));
      if (!path.startsWith("src/") || other === undefined)
        return broken(`imports ${specifier}, outside of src`);
      if (other === layer || layer.mayImport.includes(other.folder)) return [];
      if (kind === "type" && layer.types.includes(other.folder)) return [];
      if (kind === "dynamic" && layer.onDemand.includes(other.folder)) return [];
      return broken(`(${layer.folder}) imports ${path} (${other.folder})`);
    });
  });

/** No two files of src/ need each other at run time. */
export const noCycles: Guard = (sources) => {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const broken: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) broken.push(`import cycle: ${[...trail.slice(at), path].join(" → ")}`);
    const source = byPath.get(path);
    if (at >= 0 || done.has(path) || source === undefined) return;
    for (const { specifier, kind } of importsOf(source)) {
      if (kind === "static" && specifier.startsWith("."))
        visit(resolved(source, specifier), [...trail, path]);
    }
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  return broken;
};

/** What the entry needs before anything is asked for is our own and Node's, no package. */
export const entryIsBare =
  (entry: string): Guard =>
  (sources) => {
    const byPath = new Map(sources.map((source) => [source.path, source]));
    const seen = new Set<string>();
    const broken: string[] = [];
    const visit = (path: string): void => {
      const source = byPath.get(path);
      if (source === undefined) broken.push(`${path}, which the entry needs, is not there`);
      if (source === undefined || seen.has(path)) return;
      seen.add(path);
      for (const { specifier, kind } of importsOf(source)) {
        if (kind !== "static") continue;
        if (specifier.startsWith(".")) visit(resolved(source, specifier));
        else if (!specifier.startsWith("node:"))
          broken.push(`${path}, which the entry needs, imports ${specifier}`);
      }
    };
    visit(entry);
    return broken;
  };

/** A guard over single lines: `pattern` must not stand in files whose path `where` matches. */
const banned =
  (pattern: RegExp, what: string, where: (path: string) => boolean = () => true): Guard =>
  (sources) =>
    sources.flatMap(({ path, text }) =>
      where(path) && text.search(pattern) >= 0
        ? [`${path}:${text.slice(0, text.search(pattern)).split("\n").length} ${what}`]
        : [],
    );

export const processOnlyInCli = banned(
  /\bprocess\.(env|argv|exit|exitCode)\b/,
  "reads the environment or the arguments, or exits: only src/cli may",
  (path) => !path.startsWith("src/cli/"),
);

/** Put together here so that this file does not break its own rules. */
const word = (...parts: string[]): string => parts.join("");

export const noEscapes = banned(
  new RegExp(
    [
      "\\bas any\\b",
      word(":", " any\\b"),
      word("<", "any>"),
      word("@ts-", "(ignore|expect-error|nocheck)"),
      word("biome-", "ignore"),
    ].join("|"),
  ),
  "escapes the type checker or the linter",
);

export const noEmptyCatch = banned(/catch\s*(\([^)]*\))?\s*\{\s*\}/, "drops an error without a word");

export const noDefaultExports = banned(
  /^export default/m,
  "has a default export; exports have names",
  (path) => path.startsWith("src/"),
);

export const noLooseEnds = banned(
  new RegExp(word("\\b(TO", "DO|FIX", "ME|XX", "X)\\b")),
  "leaves a loose end",
);

export const americanSpelling = banned(
  new RegExp(
    word("\\b\\w*(colo", "ur|behavio", "ur|neighbo", "ur|normali", "se|seriali", "se|recogni", "se)"),
    "i",
  ),
  "is not in American spelling",
);

export const noSkippedTests = banned(
  /\b(it|test|describe|suite)\.(skip|only|todo|fails)\b/,
  "skips a test or runs one alone",
  (path) => path.includes(".test.") || path.startsWith("test/"),
);

export const noTimedSleep = banned(
  /await (new Promise\([^\n]*setTimeout\([^\n]*,\s*\d{3,}|(sleep|setTimeout|delay)\(\d{3,}\))/,
  "sleeps; poll a condition with a deadline",
  (path) => path.includes(".test.") || path.startsWith("test/"),
);

export const plainNames: Guard = (sources) =>
  sources.flatMap(({ path }) => {
    const name = path.split("/").at(-1) ?? "";
    if (/(^|[-.])(utils?|misc|common|helpers?|manager|service|impl)\b/.test(name))
      return [`${path} has a name that says nothing`];
    return /^[a-z0-9.-]+$/.test(name) ? [] : [`${path} is not in kebab-case`];
  });

export const fileSizes: Guard = (sources) =>
  sources.flatMap(({ path, text }) => {
    const lines = text.split("\n").length;
    return lines > LINES_MAX ? [`${path} has ${lines} lines, more than ${LINES_MAX}`] : [];
  });

const FUNCTION_START =
  /^(\s*)(?!(?:if|for|while|switch|else|try|do|return)\b|\} )\S.*(?:\)|\): [^=]+|=>) \{$/;

/** By the formatter's indentation: from the line that opens a body to the one that closes it. */
export const functionSizes: Guard = (sources) =>
  sources.flatMap(({ path, text }) => {
    const lines = text.split("\n");
    return lines.flatMap((line, at) => {
      const indent = FUNCTION_START.exec(line)?.[1];
      if (indent === undefined) return [];
      const length = lines.slice(at).findIndex((other) => other.startsWith(`${indent}}`)) + 1;
      return length > FUNCTION_LINES_MAX
        ? [`${path}:${at + 1} has a function of ${length} lines, more than ${FUNCTION_LINES_MAX}`]
        : [];
    });
  });

export const folderSizes: Guard = (sources) => {
  const counts = new Map<string, number>();
  for (const { path } of sources) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    if (!path.includes(".test.")) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].flatMap(([folder, count]) =>
    count > FILES_MAX ? [`${folder} has ${count} files, more than ${FILES_MAX}`] : [],
  );
};

/** The page may know the shapes of events and queries, and what they are made of; nothing of src/ runs in the browser. */
export const pageImports: Guard = (sources) =>
  sources.flatMap((source) =>
    importsOf(source).flatMap(({ specifier, kind }) => {
      if (!specifier.startsWith(".")) return [];
      const path = resolved(source, specifier);
      if (path.startsWith("ui/")) return [];
      const isShape = kind === "type" && /^src\/(base|event|query)\//.test(path);
      return isShape
        ? []
        : [`${source.path} imports ${path}; the page may import only types of base, event and query`];
    }),
  );

/** Relative links of a Markdown file lead somewhere. */
export const linksLead =
  (exists: (path: string) => boolean): Guard =>
  (sources) =>
    sources.flatMap((source) =>
      [...source.text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].flatMap(([, link]) => {
        const path = resolved(source, link as string);
        return exists(path) ? [] : [`${source.path} links to ${link}, which is not there`];
      }),
    );

/** Each code stands in the document as a row with its kind, and nothing else does. */
export function errorsDocumented(
  codes: Readonly<Record<string, { readonly kind: string }>>,
  document: string,
): string[] {
  const rows = new Map(
    [...document.matchAll(/^\| `([a-z]+\.[a-z_]+)` \| (\w+) \|/gm)].map(([, code = "", kind]) => [
      code,
      kind,
    ]),
  );
  const wrong = Object.entries(codes).filter(([code, { kind }]) => rows.get(code) !== kind);
  return [
    ...wrong.map(([code, { kind }]) => `docs/errors.md does not explain ${code} as ${kind}`),
    ...[...rows.keys()]
      .filter((row) => !(row in codes))
      .map((row) => `docs/errors.md explains ${row}, which is no code`),
  ];
}

/** Each code is raised somewhere. */
export function errorsThrown(codes: readonly string[], sources: readonly Source[]): string[] {
  return codes
    .filter(
      (code) =>
        !sources.some(({ path, text }) => !path.endsWith("error-codes.ts") && text.includes(`"${code}"`)),
    )
    .map((code) => `nothing raises ${code}`);
}

/** Each dependency has a row in docs/dependencies.md. */
export function dependenciesDocumented(names: readonly string[], document: string): string[] {
  return names
    .filter((name) => !document.includes(`\`${name}\``))
    .map((name) => `docs/dependencies.md does not say why ${name} is there`);
}

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Each optional package of any platform has its entry: without one, `npm ci` refuses the lock file. */
export function lockIsWhole(packages: Readonly<Record<string, Locked>>): string[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter(
        (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
      )
      .map((name) => `package-lock.json has no entry for ${name}, an option of ${path}`),
  );
}
