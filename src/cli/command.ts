import type { Settings } from "./config/settings.ts";
import type { Io } from "./io.ts";
import type { Printer } from "./print.ts";

/** One subcommand. Its options are the rows of the options table that name it. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly argument?: { readonly name: string; readonly doc: string };
  /** A second argument, which may be left out. */
  readonly more?: { readonly name: string; readonly doc: string };
  /** Any number of words: files, or, behind `--`, those of another program. */
  readonly rest?: { readonly name: string; readonly doc: string };
  /** Its exit status is 0 in any case: to an agent, another one of a hook is an order to stop. */
  readonly neverFails?: true;
  /** Shown under its help; each is a line that works. */
  readonly examples: readonly string[];
  /** Resolves with the exit status; throws a TrailError for one clear line and its own status. */
  run(call: Call): Promise<number>;
}

export interface Call {
  readonly io: Io;
  readonly out: Printer;
  readonly settings: Settings;
  /** The argument, for a command that has one; else empty. */
  readonly argument: string;
  /** The second one, or empty. */
  readonly more: string;
  /** Those words, for a command that takes them. */
  readonly rest: readonly string[];
}
