import { TrailError } from "../../base/error.ts";
import type { Listening } from "../../http/listen.ts";
import type { StoreDescription } from "../../store/store.ts";
import type { Verifier } from "../../tlog/note.ts";
import { keepApprovals } from "../../trail/approvals/keeper.ts";
import { parseWatched } from "../../trail/witness/witness-key.ts";
import type { Call, Command } from "../command.ts";
import { pricesOf } from "../config/prices.ts";
import { targetOf } from "../config/target.ts";
import type { Io } from "../io.ts";
import { OutputClosed, visible } from "../print.ts";
import { keepRetention } from "../retention.ts";
import { openOrMake, pageDir } from "../wire.ts";
import { witnessesOf } from "../witnesses.ts";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;
const INTERRUPTED = 130;
const OPEN = "open to every program on this machine, to nothing else; there are no keys";

export const serve: Command = {
  name: "serve",
  summary: "Serve the trail: the page, the API, and the doors for events.",
  examples: [
    "daybook serve",
    "daybook serve --port 8080 --db /var/lib/daybook/daybook.db",
    "daybook serve --port 0 --json",
  ],
  async run(call) {
    const { settings, io, out } = call;
    const host = settings.required("host");
    const secrets = secretsOf(io.env.DAYBOOK_API_KEYS);
    // Loaded here, so that the other commands, a hook above all, start without the server.
    const [{ createApp }, { listen }] = await Promise.all([
      import("../../http/app.ts"),
      import("../../http/listen.ts"),
    ]);
    const witnesses = witnessesOf(call);
    const watched = watchedBy(settings.text("witnessFor"));
    const prices = pricesOf(settings);
    const trail = openOrMake(call);
    let listening: Listening;
    let store: StoreDescription;
    let access: string;
    // From before the first answer on: whoever got one may ask it to end.
    const stopped = stopRequest(io);
    const app = createApp({
      trail,
      watched,
      witnesses,
      prices,
      access: { secrets, recordReads: settings.on("recordReads"), isClosed: !LOOPBACK.test(host) },
      pageDir: pageDir(),
      log: (line) => out.note(`daybook: ${visible(line)}`),
    });
    try {
      // A file that is none of ours, or damaged, is said now and not with the first request.
      store = await trail.describe();
      const { createKeys } = await import("../../trail/keys.ts");
      const isOpen = secrets.length === 0 && (await createKeys(trail.settings).list()).length === 0;
      if (isOpen) refuseStrangers(host);
      access = isOpen ? OPEN : "every request needs an API key";
      listening = await listen(app, { host, port: settings.count("port") ?? 0 });
    } catch (thrown) {
      await trail.close();
      throw thrown;
    }
    const endSealing = await trail.log.keepSealed({
      onProblem: (problem) => out.note(`daybook: ${visible(problem.message)}`),
    });
    const endWitnessing = await trail.log.keepWitnessed({
      witnesses,
      onProblem: (problem) => out.note(`daybook: ${visible(problem.message)}`),
    });
    const endForwarding = await trail.forwarders.run({
      onProblem: (problem) => out.note(`daybook: ${visible(problem.message)}`),
    });
    const endApprovals = keepApprovals(await trail.store(), trail.recordDurably, (problem) =>
      out.note(`daybook: ${visible(problem.message)}`),
    );
    const retention = keepRetention(trail, (line) => out.note(`daybook: ${visible(line)}`));
    try {
      await announce(call, listening.url, store, access);
      await stopped;
    } finally {
      retention.stop();
      await listening.close();
      await endApprovals();
      await endForwarding();
      await endSealing();
      await endWitnessing();
      const { complete, pending } = await trail.close();
      if (!complete) out.note(`daybook: ${pending} events wait in the spool for the next start`);
    }
    return 0;
  },
};

async function announce(call: Call, url: string, store: StoreDescription, access: string): Promise<void> {
  const { settings, out } = call;
  try {
    if (settings.on("json")) await out.json({ url, store: store.location, pid: process.pid });
    else await greet(call, url, store, access);
  } catch (thrown) {
    // The server is there for others than the one who reads this.
    if (!(thrown instanceof OutputClosed)) throw thrown;
  }
}

/** The secrets of DAYBOOK_API_KEYS, separated by commas or spaces. */
function secretsOf(text: string | undefined): string[] {
  return (text ?? "").split(/[,\s]+/).filter((secret) => secret !== "");
}

/** Throws `option.invalid`. */
function watchedBy(text: string | undefined): Verifier[] {
  const keys = (text ?? "").split(/[,\s]+/).filter((key) => key !== "");
  return parseWatched(keys, "DAYBOOK_WITNESS_FOR");
}

/** Without keys nobody but this machine may ask. */
function refuseStrangers(host: string): void {
  if (LOOPBACK.test(host)) return;
  throw new TrailError("option.invalid", `Without keys Daybook serves loopback only, not ${host}.`, {
    field: "--host",
    fix: "Make a key with daybook keys create --role admin, or use 127.0.0.1.",
  });
}

/** Resolves with the first request to end; a second one ends the process at once. */
function stopRequest(io: Io): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = false;
  io.onStop(() => {
    if (asked) io.exit(INTERRUPTED);
    asked = true;
    resolve();
  });
  return promise;
}

async function greet(call: Call, url: string, store: StoreDescription, access: string): Promise<void> {
  const { out } = call;
  const title = (text: string): string => out.paint("bold", text);
  await out.line(`${title("Daybook")} is at ${out.paint("cyan", url)}`);
  await out.line(`  trail   ${visible(store.location)} (${store.kind}, ${store.events} events)`);
  await out.line(`  access  ${access}`);
  await out.line("");
  for (const line of firstEvent(call, url)) await out.line(line);
}

function withoutPassword(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  url.password = url.password === "" ? "" : "PASSWORD";
  return url.href;
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Lines to copy: each makes an event appear on the page. */
function firstEvent({ io, out, settings }: Call, url: string): string[] {
  const comment = (text: string): string => out.paint("dim", `# ${text}`);
  const db = settings.required("db");
  const target = targetOf(db).file?.path ?? withoutPassword(db);
  const event = `{"event_type":"note.written","agent":"me","description":"The first event"}`;
  // An agent's path may know no `daybook`, so the command names this one.
  const command = [...io.program, "hook", "claude-code", "--db", url].map(shellWord).join(" ");
  const hook = { type: "command", command, async: true };
  const hooks = Object.fromEntries(
    ["PreToolUse", "PostToolUse", "PostToolUseFailure", "PostToolBatch"].map((name) => [
      name,
      [{ hooks: [hook] }],
    ]),
  );
  return [
    "Send the first event:",
    "",
    comment("with curl"),
    `curl -d '${event}' -H 'content-type: application/x-ndjson' ${url}/api/v1/events/bulk`,
    "",
    comment("from TypeScript, without the server in between"),
    `import { openTrail } from "daybook";`,
    `const trail = openTrail(${JSON.stringify(visible(target))});`,
    `trail.record({ type: "note.written", agent: "me", summary: "The first event" });`,
    "",
    comment("from Claude Code: put this into .claude/settings.json"),
    JSON.stringify({ hooks }),
    "",
    "Ctrl-C stops it.",
  ];
}
