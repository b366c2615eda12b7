/*
 * Stands in for a coding agent with hooks: STEPS steps of a model that thinks, each with two hooks that
 * it waits for. Prints how many milliseconds the whole run took and how many of them hooks held it up.
 *
 * node agent.mjs http URL TIMEOUT_MS, or node agent.mjs command PROGRAM ARGUMENTS…
 */
import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";
import { setTimeout as think } from "node:timers/promises";

const [kind, ...target] = process.argv.slice(2);
const STEPS = Number(process.env.STEPS ?? 10);
const THINK_MS = Number(process.env.THINK_MS ?? 50);

const payload = (name, step) =>
  JSON.stringify({
    session_id: "s1",
    hook_event_name: name,
    tool_name: "Bash",
    tool_use_id: `call-${step}`,
    tool_input: { command: "ls" },
    ...(name === "PostToolUse" ? { tool_response: { stdout: "" } } : {}),
  });

/** As Claude Code posts: it waits for the answer up to the timeout, and goes on whatever comes. */
async function post(body) {
  const [url, timeoutMs] = target;
  await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    signal: AbortSignal.timeout(Number(timeoutMs)),
  }).then(
    (response) => response.text(),
    () => undefined,
  );
}

/** As Codex and the others run a command: the payload on standard input, then its end is awaited. */
function command(body) {
  const [program, ...args] = target;
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    child.on("close", (status) => {
      if (status !== 0) process.exitCode = 1;
      resolve();
    });
    child.stdin.end(body);
  });
}

const fire = kind === "http" ? post : command;
let heldMs = 0;
const begun = performance.now();
for (let step = 0; step < STEPS; step++) {
  await think(THINK_MS);
  for (const name of ["PreToolUse", "PostToolUse"]) {
    const at = performance.now();
    await fire(payload(name, step));
    heldMs += performance.now() - at;
  }
}
process.stdout.write(JSON.stringify({ totalMs: performance.now() - begun, heldMs }));
