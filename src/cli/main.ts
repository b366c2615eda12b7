import { Command as Commander, CommanderError, Option as CommanderOption } from "commander";
import { isTrailError, messageOf } from "../base/error.ts";
import type { Call, Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { type Option, optionsOf } from "./config/options.ts";
import { readSettings } from "./config/settings.ts";
import { type Io, processIo } from "./io.ts";
import { createPrinter, OutputClosed, type Printer, visible } from "./print.ts";
import { version } from "./version.ts";

const USAGE_ERROR = 2;
const INTERNAL_ERROR = 1;

/** The program: `argv` are the words behind `daybook`. Resolves with the exit status, never rejects. */
async function run(argv: readonly string[], io: Io): Promise<number> {
  const commands = await commandsFor(argv[0]);
  const out = createPrinter(io);
  let status = 0;
  const program = new Commander("daybook")
    .description("The audit trail for AI agents.")
    .version(version(), "-V, --version")
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: () => undefined,
    });
  for (const command of commands) {
    describe(program.command(command.name), command, async (words, flags) => {
      const settings = readSettings(command.name, flags, io.env);
      status = await command.run({ io, out, settings, ...words });
    });
  }
  try {
    if (argv.length === 0) program.help();
    await program.parseAsync(argv, { from: "user" });
    return status;
  } catch (thrown) {
    const failed = report(thrown, out);
    const { neverFails } = commands.find(({ name }) => name === argv[0]) ?? {};
    return neverFails ? 0 : failed;
  }
}

/** The one command that is asked for; all of them where none is, for the help. */
async function commandsFor(name: string | undefined): Promise<readonly Command[]> {
  const load = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  return load === undefined ? Promise.all(Object.values(COMMANDS).map((each) => each())) : [await load()];
}

/** The program in the real world. */
export async function main(): Promise<void> {
  const io = processIo();
  const status = await run(process.argv.slice(2), io);
  process.exitCode = status;
}

type Words = Pick<Call, "argument" | "more" | "rest">;

function describe(
  commander: Commander,
  command: Command,
  action: (words: Words, flags: Record<string, unknown>) => Promise<void>,
): void {
  commander.description(command.summary).allowExcessArguments(false);
  const { argument, more, rest } = command;
  if (argument !== undefined) commander.argument(`<${argument.name}>`, argument.doc);
  if (more !== undefined) commander.argument(`[${more.name}]`, more.doc);
  if (rest !== undefined) commander.argument(`[${rest.name}...]`, rest.doc);
  for (const [, option] of optionsOf(command.name)) commander.addOption(toCommanderOption(option));
  const examples = command.examples.map((example) => `  ${example}`).join("\n");
  commander.addHelpText("after", `\nExamples:\n${examples}`);
  commander.action(async (...given: unknown[]) => {
    const words = {
      argument: argument === undefined ? "" : String(given[0]),
      more: more === undefined || given[1] === undefined ? "" : String(given[1]),
      rest: rest !== undefined && Array.isArray(given[0]) ? given[0].map(String) : [],
    };
    await action(words, commander.opts());
  });
}

function toCommanderOption(option: Option): CommanderOption {
  const names = option.short === undefined ? option.flag : `${option.short}, ${option.flag}`;
  const flags = option.value === undefined ? names : `${names} <${option.value}>`;
  const origin = [
    option.default === undefined ? "" : `default ${option.default}`,
    option.env === undefined ? "" : `env ${option.env}`,
  ].filter((part) => part !== "");
  const doc = origin.length === 0 ? option.doc : `${option.doc} (${origin.join(", ")})`;
  const made = new CommanderOption(flags, doc);
  if (option.type === "list")
    made.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  return made;
}

/** Says what went wrong in one line and returns the exit status. */
function report(thrown: unknown, out: Printer): number {
  if (thrown instanceof OutputClosed) return 0;
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return 0;
    const message = thrown.message.replace(/^error: /, "").replaceAll("\n", " ");
    out.note(`daybook: ${visible(message)}; daybook --help says what there is.`);
    return USAGE_ERROR;
  }
  if (isTrailError(thrown)) {
    out.note(`daybook: ${visible([thrown.message, thrown.fix].filter(Boolean).join(" "))}`);
    return thrown.exitStatus;
  }
  out.note(`daybook: ${visible(messageOf(thrown))}`);
  return INTERNAL_ERROR;
}
