/**
 * The one table of what the command line can be told. Help, reading of the environment and
 * docs/configuration.md are made from it. Order: flag, then environment, then default.
 */
export interface Option {
  readonly flag: string;
  readonly short?: string;
  /** What stands for the value in help; absent for a switch. */
  readonly value?: string;
  readonly type: "text" | "count" | "switch" | "list";
  /** Bounds of a count. */
  readonly min?: number;
  readonly max?: number;
  readonly default?: string;
  readonly env?: string;
  /** `all`, or the commands that take it. */
  readonly commands: "all" | readonly string[];
  readonly doc: string;
}

const READERS = ["list", "tail", "tools", "export"] as const;
const EVENT = ["record", "list", "tail", "tools", "export"] as const;
const TENANTS = ["approvals", "erase", "runs", "run", "thread", "tools", "prune", "rebuild"] as const;

const text = (flag: string, value: string, commands: readonly string[], doc: string) =>
  ({ flag, value, type: "text", commands, doc }) as const;

export const OPTIONS = {
  db: {
    flag: "--db",
    value: "TARGET",
    type: "text",
    default: "./daybook.db",
    env: "DAYBOOK_DB",
    commands: "all",
    doc: "The trail: a file path (SQLite), the address of a Daybook server, or :memory:.",
  },
  apiKey: {
    flag: "--api-key",
    value: "KEY",
    type: "text",
    env: "DAYBOOK_API_KEY",
    commands: "all",
    doc: "The key for a Daybook server; better in the environment than on the command line.",
  },
  tenant: {
    flag: "--tenant",
    value: "NAME",
    type: "text",
    default: "default",
    env: "DAYBOOK_TENANT",
    commands: [
      "keys",
      "record",
      "list",
      "tail",
      "show",
      "stats",
      "doctor",
      "hook",
      "mcp",
      "mcp-proxy",
      "import",
      ...TENANTS,
      "proof",
      "export",
      "forwarders",
    ],
    doc: "Whose log it is.",
  },
  json: {
    flag: "--json",
    type: "switch",
    commands: "all",
    doc: "Output for machines: JSON, one value a line.",
  },
  port: {
    flag: "--port",
    value: "NUMBER",
    type: "count",
    max: 65_535,
    default: "4319",
    env: "DAYBOOK_PORT",
    commands: ["serve"],
    doc: "The port to listen on; 0 takes a free one.",
  },
  host: {
    flag: "--host",
    value: "ADDRESS",
    type: "text",
    default: "127.0.0.1",
    env: "DAYBOOK_HOST",
    commands: ["serve"],
    doc: "The address to listen on. Without keys only loopback is allowed.",
  },
  witnesses: {
    flag: "--witnesses",
    value: "LIST",
    type: "text",
    env: "DAYBOOK_WITNESSES",
    commands: ["serve", "verify"],
    doc: "Who is shown each checkpoint, with commas between: KEY URL of a witness, dir:PATH, git:PATH, bucket:URL.",
  },
  witnessFor: {
    flag: "--witness-for",
    value: "KEYS",
    type: "text",
    env: "DAYBOOK_WITNESS_FOR",
    commands: ["serve"],
    doc: "Keys of logs that this Daybook witnesses, with commas between; daybook witness prints them.",
  },
  ownUrl: text("--url", "URL", ["witness"], "The address under which the other one reaches this server."),
  recordReads: {
    flag: "--record-reads",
    type: "switch",
    env: "DAYBOOK_RECORD_READS",
    commands: ["serve"],
    doc: "Record who read the trail, an event for each request, where keys are in use.",
  },
  role: {
    flag: "--role",
    value: "ROLE",
    type: "text",
    default: "admin",
    commands: ["keys"],
    doc: "What the key may do: writer appends, reader reads, auditor reads what Daybook tells of itself too, admin does all.",
  },
  keyName: text("--name", "NAME", ["keys"], "What people call the key; its role where nothing is said."),
  environment: {
    flag: "--environment",
    value: "NAME",
    type: "list",
    commands: ["keys"],
    doc: "An environment that the key reaches; every one where none is named. May be repeated.",
  },
  allTenants: {
    flag: "--all-tenants",
    type: "switch",
    commands: ["keys"],
    doc: "The key reaches every tenant; requests name theirs in X-Daybook-Tenant.",
  },
  type: text("--type", "TYPE", EVENT, "What happened: tool.execute, invoice.created."),
  tool: text("--tool", "NAME", EVENT, "The tool of a tool call."),
  status: text("--status", "STATUS", [...EVENT, "runs"], "ok, error, pending or denied, or one of your own."),
  agent: text("--agent", "NAME", [...EVENT, "runs", "mcp-proxy"], "Which agent did it."),
  run: text("--run", "ID", [...EVENT, "mcp-proxy"], "The run that it belongs to."),
  mcpKey: text(
    "--key",
    "KEY",
    ["mcp"],
    "An API key of the trail: nothing beyond its tenant and environments is found. Without one, all of the tenant.",
  ),
  mcpTarget: text(
    "--http",
    "URL",
    ["mcp-proxy"],
    "Stand before the MCP server at this address (Streamable HTTP), instead of starting a command.",
  ),
  mcpPort: {
    flag: "--port",
    value: "NUMBER",
    type: "count",
    max: 65_535,
    default: "4320",
    commands: ["mcp-proxy"],
    doc: "With --http: the port to listen on; 0 takes a free one.",
  },
  mcpHost: {
    flag: "--host",
    value: "ADDRESS",
    type: "text",
    default: "127.0.0.1",
    commands: ["mcp-proxy"],
    doc: "With --http: the address to listen on. Whoever reaches it reaches the server behind.",
  },
  mcpServer: text(
    "--server",
    "NAME",
    ["mcp-proxy"],
    "What the trail calls the server; what it calls itself where nothing is said.",
  ),
  thread: text("--thread", "ID", EVENT, "The thread that it belongs to."),
  category: text("--category", "NAME", [...EVENT, "prune"], "tool_call, llm, session, run …"),
  summary: text("--summary", "TEXT", ["record"], "One line for people."),
  error: text("--error", "TEXT", ["record"], "The message of a failure."),
  data: text("--data", "JSON", ["record"], "A JSON object: arguments, result, inputs, output."),
  field: {
    flag: "--field",
    value: "NAME=VALUE",
    type: "list",
    commands: ["record"],
    doc: "Any field of an event by its wire name: duration_ms=120. May be repeated.",
  },
  filter: {
    flag: "--filter",
    value: "NAME=VALUE",
    type: "list",
    commands: READERS,
    doc: "Any filter of the HTTP API: model=a,b is a union, -a excludes, [1,9] is an interval. May be repeated.",
  },
  search: text("--search", "TEXT", READERS, "A piece of the summary or of the resource's id."),
  since: text(
    "--since",
    "TIME",
    [...READERS, "runs"],
    "Occurred at or after: RFC 3339, or an age such as 15m, 2h, 7d.",
  ),
  until: text(
    "--until",
    "TIME",
    [...READERS, "runs"],
    "Occurred at or before: RFC 3339, or an age such as 15m, 2h, 7d.",
  ),
  statsSince: text(
    "--since",
    "TIME",
    ["stats"],
    "Recorded at or after: RFC 3339, or an age such as 15m, 2h, 7d.",
  ),
  limit: {
    flag: "--limit",
    value: "NUMBER",
    type: "count",
    min: 1,
    max: 1_000_000,
    default: "50",
    commands: ["list", "tools", "runs", "approvals"],
    doc: "How many at most.",
  },
  from: text(
    "--from",
    "KIND",
    ["import"],
    "What the files are: claude, codex, gemini, langfuse, otlp, ndjson, csv, events-api, threads, sqlite-tool-calls, sqlite-audit, sqlite-runs, sqlite-events-api, sqlite-threads.",
  ),
  deliver: {
    flag: "--deliver",
    type: "switch",
    commands: ["hook"],
    doc: "Read nothing; bring what hooks left in the spool to the server. Hooks start this by themselves.",
  },
  cursor: text("--cursor", "CURSOR", ["list"], "Go on where the page before ended."),
  state: text("--state", "STATE", ["approvals"], "Only those that are pending, approved or denied."),
  reason: text("--reason", "TEXT", ["approvals", "erase", "prune"], "Why: stands in the log."),
  signWith: text(
    "--sign-with",
    "FILE",
    ["approvals"],
    "An Ed25519 private key (PEM) that signs the decision.",
  ),
  open: { flag: "--open", type: "switch", commands: ["tools"], doc: "Only calls that never ended." },
  cost: {
    flag: "--cost",
    type: "switch",
    commands: ["stats"],
    doc: "What model requests cost by a table of prices, beside what was recorded.",
  },
  prices: {
    flag: "--prices",
    value: "FILE",
    type: "text",
    env: "DAYBOOK_PRICES",
    commands: ["stats", "serve"],
    doc: "A table of prices (JSON) in place of the one that comes with Daybook.",
  },
  observers: {
    flag: "--observers",
    type: "switch",
    commands: ["tools"],
    doc: "Each call once with everyone who saw it, and how many were seen from more than one side.",
  },
  lost: {
    flag: "--lost",
    type: "switch",
    commands: ["runs"],
    doc: "Only runs that began, did not end, and have been silent for 15 minutes.",
  },
  pruneSeqs: text(
    "--seqs",
    "FIRST-LAST",
    ["prune"],
    "Take out these events, with --reason: a receipt says so.",
  ),
  benchEvents: {
    flag: "--events",
    value: "NUMBER",
    type: "count",
    min: 1_000,
    max: 10_000_000,
    default: "50000",
    commands: ["bench"],
    doc: "How many events to record.",
  },
  subject: text("--subject", "NAME", ["erase", "record"], "Whom the event is about: what erase takes."),
  subjectFrom: {
    flag: "--subject-from",
    value: "FIELD",
    type: "text",
    env: "DAYBOOK_SUBJECT_FROM",
    commands: ["serve", "record", "hook"],
    doc: "The field that says whom an event is about where it names no subject: actor_id, conversation_id, thread_id, run_id, resource_id or agent.",
  },
  before: text("--before", "TIME", ["prune"], "Occurred before: RFC 3339, or an age such as 90d."),
  dryRun: {
    flag: "--dry-run",
    type: "switch",
    commands: ["prune", "erase"],
    doc: "Only count what would go.",
  },
  asc: { flag: "--asc", type: "switch", commands: ["list"], doc: "Oldest first; newest first without it." },
  last: {
    flag: "--last",
    short: "-n",
    value: "NUMBER",
    type: "count",
    max: 10_000,
    default: "10",
    commands: ["tail"],
    doc: "Begin with so many of the last events.",
  },
  after: {
    flag: "--after",
    value: "SEQ",
    type: "count",
    commands: ["tail"],
    doc: "Begin behind this seq instead, so that a reader that was away misses nothing.",
  },
  rotateKey: {
    flag: "--rotate-key",
    type: "switch",
    commands: ["seal"],
    doc: "Sign with a new key from now on; the one before signs beside it for a week.",
  },
  only: text("--tenant", "NAME", ["verify"], "One log; without it, every log of the trail."),
  key: {
    flag: "--key",
    value: "VERIFIER",
    type: "list",
    commands: ["verify"],
    doc: "A public key of the log as you were told it, name+id+key; without it, those of the key file count. May be repeated.",
  },
  witnessKey: {
    flag: "--witness",
    value: "VERIFIER",
    type: "list",
    commands: ["verify"],
    doc: "With --bundle: the key of a witness that must have cosigned it, name+id+key. May be repeated.",
  },
  checkpoint: {
    flag: "--checkpoint",
    value: "FILE",
    type: "list",
    commands: ["verify"],
    doc: "A checkpoint that was kept elsewhere; the log must still hold it. May be repeated.",
  },
  resume: {
    flag: "--resume",
    type: "switch",
    commands: ["verify"],
    doc: "Go on where a verification of this log was interrupted.",
  },
  as: {
    flag: "--as",
    value: "FORMAT",
    type: "text",
    default: "native",
    commands: ["export"],
    doc: "How events look: native, ocsf, cloudevents, ecs, cef or otlp.",
  },
  destination: {
    flag: "--type",
    value: "TYPE",
    type: "text",
    default: "http",
    commands: ["forwarders"],
    doc: "The kind of destination: http, splunk_hec, datadog, elastic, s3 …",
  },
  url: text("--url", "URL", ["forwarders"], "Where it is."),
  forwarderName: text(
    "--name",
    "NAME",
    ["forwarders"],
    "What people call the forwarder; its id where nothing is said.",
  ),
  header: {
    flag: "--header",
    value: "NAME:VALUE",
    type: "list",
    commands: ["forwarders"],
    doc: "A header of its requests. May be repeated.",
  },
  option: {
    flag: "--option",
    value: "NAME=VALUE",
    type: "list",
    commands: ["forwarders"],
    doc: "An option of the destination: index=audit. May be repeated.",
  },
  forwardedEnvironment: {
    flag: "--environment",
    value: "NAME",
    type: "list",
    commands: ["forwarders"],
    doc: "An environment that is forwarded; production where none is named. May be repeated.",
  },
  format: text(
    "--format",
    "FORMAT",
    ["forwarders"],
    "How events look, where not as the destination likes them.",
  ),
  rule: text("--rule", "JSON", ["forwarders"], "JSON Logic: only events that it holds for."),
  transform: text("--transform", "JSONATA", ["forwarders"], "What is sent in place of the event."),
  alert: text("--alert", "JSON", ["forwarders"], 'Makes it an alert: {"kind":"silence","minutes":10}.'),
  delivery: text("--delivery", "ID", ["forwarders"], "With retry: this one, instead of all that failed."),
  deliveryStatus: text("--status", "STATUS", ["forwarders"], "With deliveries: succeeded, failed …"),
  deliveryLimit: {
    flag: "--limit",
    value: "NUMBER",
    type: "count",
    min: 1,
    max: 1_000,
    default: "50",
    commands: ["forwarders"],
    doc: "With deliveries: how many at most.",
  },
  evidence: text("--evidence", "FOLDER", ["export"], "Write an evidence bundle into this new folder."),
  seqs: text(
    "--seqs",
    "FIRST-LAST",
    ["export"],
    "With --evidence: every event of this range, so that nothing can be left out.",
  ),
  bundle: text("--bundle", "FILE", ["verify"], "Judge the evidence.ndjson of a bundle instead of a trail."),
  revokeKey: text("--revoke-key", "BASE64", ["seal"], "Let nothing count that this public key signed."),
} as const satisfies Record<string, Option>;

export type OptionKey = keyof typeof OPTIONS;

/** What is read from the environment alone. */
export const ENVIRONMENT = [
  {
    env: "NO_COLOR",
    doc: "Anything in it turns colors off. They are only ever used on a terminal.",
  },
  {
    env: "DAYBOOK_FORWARDER_ALLOW_PRIVATE",
    doc: "`1` lets forwarders reach private and loopback addresses, and every port: for self-hosting and tests.",
  },
  {
    env: "DAYBOOK_FORWARDER_PORTS",
    doc: "Ports that forwarders may reach instead of the usual ones, with commas between.",
  },
  {
    env: "DAYBOOK_FORWARDER_FILES",
    doc: "The folder below which forwarders of the type `file` may write; without it they may not.",
  },
  {
    env: "DAYBOOK_SECRET_KEY",
    doc: "32 bytes in base64 that seal the tokens of forwarders; without it a file beside the trail has them.",
  },
  {
    env: "DAYBOOK_API_KEYS",
    doc: "API keys for `serve`, separated by commas: each may do everything, in every tenant. Long random ones.",
  },
] as const;

export function optionsOf(command: string): Array<[OptionKey, Option]> {
  const all = Object.entries(OPTIONS) as Array<[OptionKey, Option]>;
  return all.filter(([, { commands }]) => commands === "all" || commands.includes(command));
}
