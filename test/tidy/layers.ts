/**
 * The rule of import: lower never imports higher, neighbors do not import each other, and nobody
 * but the entry and the command line names an adapter. ARCHITECTURE.md shows the same table.
 */
export interface Layer {
  /** Below src/; `index` is src/index.ts. */
  readonly folder: string;
  /** Folders besides itself. */
  readonly mayImport: readonly string[];
  /** What it may import only with `import()`, so that it costs nothing until it is asked for. */
  readonly onDemand: readonly string[];
  /** Folders of which it may know the types. */
  readonly types: readonly string[];
  /** npm packages. */
  readonly packages: readonly string[];
}

const layer = (folder: string, mayImport: readonly string[], packages: readonly string[] = []): Layer => ({
  folder,
  mayImport,
  onDemand: [],
  types: [],
  packages,
});

/** An adapter to one framework: what all of them share, and the type of a trail. Of no package, not even types. */
const integration = (folder: string, mayImport: readonly string[]): Layer => ({
  ...layer(folder, ["base", "event", "ingest", ...mayImport]),
  types: ["trail"],
});

const PORT = ["base", "event", "tlog", "query", "view"];
export const INTEGRATIONS = [
  "ai-sdk",
  "claude-agent",
  "langchain",
  "mastra",
  "mcp",
  "openai-agents",
  "otel",
  "testing",
];
export const ADAPTERS = ["store/memory", "store/postgres", "store/remote", "store/sqlite"];
const HTTP = [
  "base",
  "event",
  "tlog",
  "evidence",
  "redact",
  "protect",
  "query",
  "view",
  "price",
  "rule",
  "thread",
  "ingest",
  "emit",
  "store",
  "forward",
  "trail",
];

export const LAYERS: readonly Layer[] = [
  layer("base", []),
  layer("event", ["base"]),
  layer("tlog", ["base"]),
  layer("redact", ["base", "event"]),
  layer("protect", ["base", "event"]),
  layer("price", ["base"]),
  layer("query", ["base", "event"]),
  layer("view", ["base", "event"]),
  layer("thread", ["base", "event"]),
  layer("rule", ["base", "event"], ["json-logic-js", "jsonata"]),
  layer("ingest", ["base", "event"], ["protobufjs"]),
  layer("emit", ["base", "event", "redact"]),
  layer("store", PORT),
  ...ADAPTERS.map((folder) => layer(folder, ["store", ...PORT], folder === "store/postgres" ? ["pg"] : [])),
  layer("evidence", ["base", "event", "tlog"]),
  layer("forward", ["base", "event", "protect", "query", "view", "rule", "store"]),
  layer("trail", [
    ...["base", "event", "tlog", "evidence", "redact", "protect", "query", "view", "price", "rule"],
    ...["thread", "emit", "store", "forward"],
  ]),
  integration("integrations", []),
  // What tests hold is a trail of the entry's, with more to ask of it.
  ...INTEGRATIONS.map((name) =>
    integration(`integrations/${name}`, name === "testing" ? ["index"] : ["integrations"]),
  ),
  layer("http", HTTP, ["hono", "@hono/node-server"]),
  layer("mcp", ["base", "event", "query", "view", "ingest", "store", "trail"]),
  layer("cli", [...HTTP, "http", "mcp", "index", ...ADAPTERS], ["commander"]),
  {
    folder: "index",
    mayImport: [
      "base",
      "event",
      "tlog",
      "evidence",
      "redact",
      "protect",
      "query",
      "view",
      "thread",
      "emit",
      "store",
      "trail",
    ],
    onDemand: ADAPTERS,
    types: [],
    packages: [],
  },
];

/** The folder of a path below src/: the longest one that the table names. */
export function layerOf(path: string): Layer | undefined {
  if (path === "index.ts" || path === "index.js") return LAYERS.find(({ folder }) => folder === "index");
  const within = LAYERS.filter(({ folder }) => path.startsWith(`${folder}/`));
  return within.sort((a, b) => b.folder.length - a.folder.length)[0];
}

/** The table as ARCHITECTURE.md shows it. */
export function layersTable(): string {
  const names = (list: readonly string[]): string =>
    list.map((name) => `\`${name}\``).join(", ") || "nothing";
  const rows = LAYERS.map(({ folder, mayImport, onDemand, types, packages }) => {
    const later = onDemand.length > 0 ? `; when asked for: ${names(onDemand)}` : "";
    const known = types.length > 0 ? `; types of ${names(types)}` : "";
    return `| \`${folder}\` | ${names(mayImport)}${later}${known} | ${packages.length > 0 ? names(packages) : ""} |`;
  });
  return ["| folder | may import | packages |", "| --- | --- | --- |", ...rows].join("\n");
}
