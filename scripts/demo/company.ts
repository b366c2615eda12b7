/** Who works at Northwind, and what their agents are asked to do. */
export interface Step {
  tool: string;
  args: object;
  result?: unknown;
  error?: string;
  denied?: string;
  ms: number;
}

export interface Run {
  agent: string;
  app: string;
  actor: { type: string; id: string; label: string };
  model: string;
  prompt: string;
  steps: Step[];
  handOffTo?: string;
}

const ALICE = { type: "user", id: "alice@northwind.example", label: "Alice Moreau" };
const BEN = { type: "user", id: "ben@northwind.example", label: "Ben Okafor" };
const CRON = { type: "schedule", id: "nightly-close", label: "Nightly close" };

export const RUNS: readonly Run[] = [
  {
    agent: "support-triage",
    app: "helpdesk",
    actor: ALICE,
    model: "claude-sonnet-5",
    prompt: "Customer 8841 says the refund for order 20391 never arrived.",
    steps: [
      {
        tool: "crm.find_customer",
        args: { id: 8841 },
        result: { name: "R. Lindqvist", tier: "gold" },
        ms: 84,
      },
      {
        tool: "orders.get",
        args: { order: 20391 },
        result: { total: "184.90 EUR", status: "returned" },
        ms: 131,
      },
      {
        tool: "payments.refund",
        args: { order: 20391, amount: "184.90", currency: "EUR" },
        denied: "policy: refunds above 100 EUR need an approval",
        ms: 9,
      },
      {
        tool: "slack.post",
        args: { channel: "#refunds", text: "Refund for order 20391 waits for approval." },
        result: { ok: true },
        ms: 212,
      },
    ],
    handOffTo: "refund-clerk",
  },
  {
    agent: "code-review",
    app: "monorepo",
    actor: BEN,
    model: "claude-opus-5",
    prompt: "Review the pull request that moves sessions to the new store.",
    steps: [
      {
        tool: "Read",
        args: { file_path: "/srv/app/src/session/store.ts" },
        result: "export class SessionStore { … }",
        ms: 12,
      },
      {
        tool: "Bash",
        args: { command: "npm test -- session" },
        error: "2 tests failed: expires after idle, renews on use",
        ms: 18_420,
      },
      {
        tool: "Edit",
        args: { file_path: "/srv/app/src/session/store.ts", old: "idleMs", new: "idleTimeoutMs" },
        result: "edited",
        ms: 21,
      },
      { tool: "Bash", args: { command: "npm test -- session" }, result: "48 passed", ms: 16_210 },
      {
        tool: "Bash",
        args: { command: `git push https://ci-bot:${"hunter2hunter2"}@git.northwind.example/app` },
        result: "main -> review/1182",
        ms: 1_904,
      },
    ],
  },
  {
    agent: "ledger-close",
    app: "finance",
    actor: CRON,
    model: "gpt-x",
    prompt: "Close the day and reconcile the bank feed.",
    steps: [
      {
        tool: "bank.fetch_feed",
        args: { account: "operating", day: "today" },
        result: { lines: 214 },
        ms: 2_840,
      },
      { tool: "ledger.match", args: { lines: 214 }, result: { matched: 211, open: 3 }, ms: 640 },
      {
        tool: "mail.send",
        args: { to: "controller@northwind.example", subject: "3 open lines" },
        error: "smtp: connection timed out",
        ms: 30_000,
      },
      {
        tool: "mail.send",
        args: { to: "controller@northwind.example", subject: "3 open lines" },
        result: { queued: true },
        ms: 480,
      },
    ],
  },
  {
    agent: "research",
    app: "market-desk",
    actor: BEN,
    model: "claude-sonnet-5",
    prompt: "What did the three largest carriers change in their tariffs this month?",
    steps: [
      { tool: "web.search", args: { query: "parcel tariffs change" }, result: { hits: 18 }, ms: 1_240 },
      {
        tool: "web.fetch",
        args: { url: "https://carrier.example/tariffs" },
        result: { bytes: 48_211 },
        ms: 2_310,
      },
      {
        tool: "web.fetch",
        args: { url: "https://other.example/prices" },
        error: "403 from other.example",
        ms: 420,
      },
      { tool: "notes.write", args: { title: "Tariffs" }, result: { id: "note-77" }, ms: 35 },
    ],
  },
  {
    agent: "warehouse",
    app: "stock",
    actor: CRON,
    model: "gemini-3-pro",
    prompt: "Count the shelf and order what runs short.",
    steps: [
      { tool: "stock.count", args: { shelf: "B-12" }, result: { skus: 64, short: 2 }, ms: 910 },
      { tool: "orders.place", args: { sku: "NW-2201", quantity: 40 }, result: { order: 5512 }, ms: 320 },
      { tool: "orders.cancel", args: { order: 5498 }, denied: "only people cancel orders", ms: 6 },
    ],
  },
];
