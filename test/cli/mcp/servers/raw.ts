import { writeSync } from "node:fs";

/** Servers that keep to no protocol, by the name in the first argument. */
const SERVERS: Readonly<Record<string, (argument: string) => void>> = {
  /** Gives back every byte, and ends with the client, with the exit status that it was told. */
  echo(status) {
    process.stdin.pipe(process.stdout);
    process.stdin.on("end", () => {
      process.stderr.write("the end\n");
      process.exitCode = Number(status);
    });
  },

  /** One line that grows to so many bytes, then a message. */
  longLine(bytes) {
    const piece = Buffer.alloc(65_536, "x");
    for (let left = Number(bytes); left > 0; left -= piece.length) {
      process.stdout.write(piece.subarray(0, Math.min(left, piece.length)));
    }
    process.stdout.write(
      `\n${JSON.stringify({ jsonrpc: "2.0", method: "notifications/tools/list_changed" })}\n`,
    );
  },

  /** Writes without end, and says on standard error how far it came. */
  flood() {
    const piece = Buffer.alloc(65_536, "y\n");
    let written = 0;
    const more = (): void => {
      written += piece.length;
      process.stderr.write(`${written}\n`);
      process.stdout.write(piece, more);
    };
    more();
  },

  /** Says which signals it gets, and dies of SIGTERM. */
  signals() {
    for (const signal of ["SIGINT", "SIGUSR2"] as const) {
      process.on(signal, () => process.stdout.write(`${signal}\n`));
    }
    process.stdin.resume();
    process.stdout.write("ready\n");
  },

  /** Leaves a process behind that holds its output open. */
  async parting() {
    const { spawn } = await import("node:child_process");
    spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"], {
      stdio: ["ignore", "inherit", "inherit"],
      detached: true,
    }).unref();
    writeSync(1, "parting\n");
    process.exit(0);
  },

  /** Answers what nobody asked, twice, and what was asked with another id. */
  liar() {
    const say = (message: object): boolean => process.stdout.write(`${JSON.stringify(message)}\n`);
    process.stdin.setEncoding("utf8").on("data", () => {
      for (const id of [1, 1, "1", null, 7]) say({ jsonrpc: "2.0", id, result: { content: [] } });
      say({ jsonrpc: "2.0", id: 0, method: "tools/call", params: { name: "\u001b[2J", arguments: "x" } });
      process.exitCode = 0;
      process.stdin.destroy();
    });
  },
};

const [name = "", argument = ""] = process.argv.slice(2);
SERVERS[name]?.(argument);
