import { TrailError } from "../../base/error.ts";
import { OPTIONS, type Option, type OptionKey, optionsOf } from "./options.ts";

type Flags = Readonly<Record<string, unknown>>;
type Environment = Readonly<Record<string, string | undefined>>;

/** What one call of a command was told, each value read from its flag, its variable or its default. */
export interface Settings {
  text(key: OptionKey): string | undefined;
  /** For options with a default. */
  required(key: OptionKey): string;
  count(key: OptionKey): number | undefined;
  on(key: OptionKey): boolean;
  list(key: OptionKey): readonly string[];
  /** True when a flag said it, not the environment or the default. */
  given(key: OptionKey): boolean;
}

/** Throws `option.invalid` naming the flag or the variable whose value does not fit. */
export function readSettings(command: string, flags: Flags, env: Environment): Settings {
  const values = new Map<OptionKey, unknown>();
  for (const [key, option] of optionsOf(command)) values.set(key, readOption(option, flags, env));
  const settings: Settings = {
    text: (key) => values.get(key) as string | undefined,
    required(key) {
      // A mistake of ours: the table does not give the option to this command.
      if (values.get(key) === undefined) throw new Error(`${command} takes no ${key}`);
      return String(values.get(key));
    },
    count: (key) => values.get(key) as number | undefined,
    on: (key) => values.get(key) === true,
    list: (key) => (values.get(key) as readonly string[] | undefined) ?? [],
    given: (key) => flags[nameOf(OPTIONS[key])] !== undefined,
  };
  return settings;
}

/** The name under which commander hands over a flag's value. */
function nameOf(option: Option): string {
  return option.flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function readOption(option: Option, flags: Flags, env: Environment): unknown {
  const flag = flags[nameOf(option)];
  if (option.type === "list") return flag;
  if (option.type === "switch") return flag ?? (option.env !== undefined && switched(option.env, env));
  if (flag !== undefined) return typed(option, option.flag, String(flag));
  const variable = option.env === undefined ? undefined : env[option.env];
  if (option.env !== undefined && variable !== undefined && variable !== "")
    return typed(option, option.env, variable);
  return option.default === undefined ? undefined : typed(option, option.flag, option.default);
}

/** A switch in the environment: anything but nothing, 0 and false turns it on. */
function switched(variable: string, env: Environment): boolean {
  return !["", "0", "false"].includes((env[variable] ?? "").toLowerCase());
}

function typed(option: Option, name: string, value: string): string | number {
  if (option.type !== "count") {
    if (value === "") throw invalid(name, "must not be empty");
    return value;
  }
  const count = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = option;
  if (!(count >= min && count <= max)) throw invalid(name, `must be a whole number from ${min} to ${max}`);
  return count;
}

function invalid(name: string, rule: string): TrailError {
  return new TrailError("option.invalid", `${name} ${rule}.`, { field: name });
}
