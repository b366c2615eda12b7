import type { Forwarder, ForwarderAttributes, ForwarderType, OptionRule } from "../api/forwarding.ts";

/** A forwarder as the fields of its form hold it: texts, as they are typed. */
export interface Draft {
  id: string;
  name: string;
  type: string;
  /** What stands for the placeholders of the type's template. */
  filled: Readonly<Record<string, string>>;
  url: string;
  headers: ReadonlyArray<{ name: string; value: string }>;
  options: Readonly<Record<string, string>>;
  environments: string;
  filter: string;
  transform: string;
  format: string;
  /** What was read from the server and has no field here; goes back as it came. */
  rest: Partial<ForwarderAttributes>;
}

export function newDraft(type: ForwarderType): Draft {
  const filled = Object.fromEntries(
    Object.entries(type.attributes.placeholders).map(([name, placeholder]) => [
      name,
      placeholder.default ?? placeholder.enum?.[0] ?? "",
    ]),
  );
  const draft = { id: "", name: "", environments: "production", filter: "", transform: "", format: "" };
  return fill({ ...draft, type: type.id, filled, url: "", headers: [], options: {}, rest: {} }, type, {});
}

/** The address and the headers of the type's template, with what is typed in the places of its placeholders. */
export function fill(draft: Draft, type: ForwarderType, typed: Readonly<Record<string, string>>): Draft {
  const filled = { ...draft.filled, ...typed };
  const put = (text: string): string =>
    text.replaceAll(/\{([a-z_]+)\}/g, (whole, name: string) => filled[name] || whole);
  const { url, headers } = type.attributes.configuration;
  return {
    ...draft,
    filled,
    url: url === null ? draft.url : put(url),
    headers: headers.map(({ name, value }) => ({ name, value: put(value) })),
    options: {
      ...draft.options,
      // An option and a placeholder of one name are the same thing, asked for once.
      ...Object.fromEntries(
        Object.entries(filled).filter(([name]) => Object.hasOwn(type.attributes.options, name)),
      ),
    },
  };
}

export function toDraft({ id, attributes }: Forwarder): Draft {
  const { name, forwarder_type: type, configuration, environments, filter, transform, format } = attributes;
  return {
    id,
    name,
    type,
    filled: {},
    url: configuration.url,
    headers: Object.entries(configuration.headers).map(([header, value]) => ({ name: header, value })),
    options: Object.fromEntries(
      Object.entries(configuration.options ?? {}).map(([option, value]) => [
        option,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ),
    environments: Object.entries(environments)
      .filter(([, { enabled }]) => enabled === true)
      .map(([environment]) => environment)
      .join(", "),
    filter: filter == null ? "" : JSON.stringify(filter, null, 2),
    transform: transform ?? "",
    format: format ?? "",
    rest: attributes,
  };
}

/** The attributes as the API takes them. Throws an Error that names the field that cannot be read. */
export function toAttributes(draft: Draft, type: ForwarderType): object {
  const { rest, name, url } = draft;
  const before = rest.environments ?? {};
  const enabled = draft.environments.split(",").flatMap((text) => text.trim() || []);
  const environments = Object.fromEntries([
    ...Object.entries(before).map(([environment, overrides]) => [
      environment,
      { ...overrides, enabled: false },
    ]),
    ...enabled.map((environment) => [environment, { ...before[environment], enabled: true }]),
  ]);
  const headers = draft.headers.filter(({ name: header }) => header.trim() !== "");
  return {
    ...rest,
    name,
    forwarder_type: draft.type,
    filter: draft.filter.trim() === "" ? null : readJson("The filter", draft.filter),
    transform: draft.transform.trim() === "" ? null : draft.transform,
    transform_type: draft.transform.trim() === "" ? null : "JSONATA",
    format: draft.format === "" ? null : draft.format,
    configuration: {
      method: type.attributes.configuration.method,
      ...rest.configuration,
      url,
      headers: Object.fromEntries(headers.map(({ name: header, value }) => [header.trim(), value])),
      options: optionsOf(draft.options, type.attributes.options),
    },
    environments,
  };
}

function optionsOf(
  given: Readonly<Record<string, string>>,
  rules: Readonly<Record<string, OptionRule>>,
): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(given)) {
    const rule = rules[name];
    if (rule === undefined || text === "") continue;
    options[name] = optionOf(name, text, rule);
  }
  return options;
}

function optionOf(name: string, text: string, { type }: OptionRule): unknown {
  if (type === "text") return text;
  if (type === "flag") return text === "true";
  if (type === "map") return readJson(`The option ${name}`, text);
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Error(`The option ${name} must be a whole number.`);
}

function readJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${what} is not JSON: ${cause instanceof Error ? cause.message : ""}`, { cause });
  }
}

/** An id from a name: what is left of it in an address. */
export function idOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}
