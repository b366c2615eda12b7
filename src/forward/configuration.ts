import { isObject, type JsonObject, type JsonValue } from "../base/json.ts";
import type { Configuration, Destination } from "./destination.ts";
import { flag, invalid } from "./field.ts";
import type { ConfigurationAttributes, ForwarderAttributes, Overrides } from "./forwarder.ts";

const METHODS: ReadonlySet<string> = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);
const URL_CHARS = 2_048;
const CERT_CHARS = 65_536;
const HEADERS_MAX = 100;
const HEADER_CHARS = 8_192;
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
/** Set by the connection, never by a forwarder. */
const REFUSED_HEADERS: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
]);
const PLACEHOLDER = /\{[a-z_]+\}/;
const KNOWN: ReadonlySet<string> = new Set([
  ...["method", "url", "headers", "success_status", "tls_verify", "ca_cert", "options"],
]);
const OVERRIDES: ReadonlySet<string> = new Set([
  ...["enabled", "method", "url", "success_status", "tls_verify", "ca_cert"],
]);

/** The configuration with its defaults. Resolves no name and opens no connection. */
export function checkConfiguration(input: unknown, destination: Destination): ConfigurationAttributes {
  if (!isObject(input)) throw invalid("configuration", "must be an object");
  for (const key of Object.keys(input)) {
    if (!KNOWN.has(key)) throw invalid(`configuration.${key.slice(0, 100)}`, "is not known");
  }
  const headers = headersOf(input.headers);
  checkTemplate(headers, destination);
  return {
    method:
      input.method === undefined
        ? destination.template.method
        : methodOf("configuration.method", input.method),
    url: urlOf("configuration.url", input.url, destination.schemes),
    headers,
    success_status:
      input.success_status === undefined
        ? "2xx"
        : statusOf("configuration.success_status", input.success_status),
    tls_verify: flag("configuration.tls_verify", input.tls_verify, true),
    ca_cert: certOf("configuration.ca_cert", input.ca_cert),
    options: optionsOf(input.options, destination),
  };
}

/** Exactly as given. */
export function checkOverrides(field: string, input: unknown, schemes: readonly string[]): Overrides {
  if (!isObject(input)) throw invalid(field, "must be an object");
  for (const [key, value] of Object.entries(input)) {
    const at = `${field}.${key.slice(0, 100)}`;
    if (key === "enabled" || key === "tls_verify") flag(at, value, false);
    else if (key.startsWith("headers.")) headerOf(at, key.slice("headers.".length), value);
    else if (!OVERRIDES.has(key)) throw invalid(at, "is not known");
    else if (value === null) continue;
    else if (key === "url") urlOf(at, value, schemes);
    else if (key === "method") methodOf(at, value);
    else if (key === "success_status") statusOf(at, value);
    else certOf(at, value);
  }
  return input as Overrides;
}

/** Base and overrides as one; null where the environment is not forwarded. */
export function effective(forwarder: ForwarderAttributes, environment: string): Configuration | null {
  const base = forwarder.configuration;
  const isPlatform = environment === "smplkit" && forwarder.forward_smplkit_events;
  const overrides = Object.hasOwn(forwarder.environments, environment)
    ? (forwarder.environments[environment] as Overrides)
    : {};
  if (overrides.enabled !== true && !isPlatform) return null;
  const headers = new Map(
    Object.entries(base.headers).map(([name, value]) => [name.toLowerCase(), [name, value]]),
  );
  for (const [key, value] of Object.entries(overrides)) {
    if (!key.startsWith("headers.")) continue;
    const name = key.slice("headers.".length);
    if (value === null) headers.delete(name.toLowerCase());
    else headers.set(name.toLowerCase(), [name, String(value)]);
  }
  const over = <T>(key: string, otherwise: T): T => (overrides[key] ?? otherwise) as T;
  return {
    method: over("method", base.method),
    url: over("url", base.url),
    headers: Object.fromEntries([...headers.values()]),
    successStatus: over("success_status", base.success_status),
    tlsVerify: over("tls_verify", base.tls_verify),
    caCert: over("ca_cert", base.ca_cert),
    options: base.options,
  };
}

export function methodOf(field: string, method: unknown): string {
  if (typeof method === "string" && METHODS.has(method)) return method;
  throw invalid(field, `must be one of ${[...METHODS].join(", ")}`);
}

export function urlOf(field: string, url: unknown, schemes: readonly string[]): string {
  const names = schemes.map((scheme) => `${scheme}//`).join(" or ");
  if (typeof url !== "string" || url === "" || url.length > URL_CHARS || !URL.canParse(url)) {
    throw invalid(field, `must be an absolute address of at most ${URL_CHARS} characters (${names})`);
  }
  if (!schemes.includes(new URL(url).protocol)) throw invalid(field, `must begin with ${names}`);
  if (PLACEHOLDER.test(url)) throw invalid(field, "still has a placeholder of the template in it");
  return url;
}

export function statusOf(field: string, status: unknown): string {
  if (typeof status === "string" && /^[1-5](\d\d|xx|XX)$/.test(status)) return status;
  throw invalid(field, 'must be a status such as "204", or a class such as "2xx"');
}

export function certOf(field: string, cert: unknown): string | null {
  if (cert === undefined || cert === null) return null;
  if (typeof cert === "string" && cert.length <= CERT_CHARS && cert.includes("BEGIN CERTIFICATE"))
    return cert;
  throw invalid(field, `must be a PEM certificate of at most ${CERT_CHARS} characters`);
}

export function headersOf(headers: unknown, field = "configuration.headers"): Record<string, string> {
  if (headers === undefined || headers === null) return {};
  if (!isObject(headers)) throw invalid(field, "must be an object of names and values");
  const entries = Object.entries(headers);
  if (entries.length > HEADERS_MAX) throw invalid(field, `must be at most ${HEADERS_MAX}`);
  for (const [name, value] of entries) headerOf(`${field}.${name.slice(0, 100)}`, name, value);
  return headers as Record<string, string>;
}

function headerOf(field: string, name: string, value: unknown): void {
  if (!TOKEN.test(name)) throw invalid(field, "is no name of a header");
  if (REFUSED_HEADERS.has(name.toLowerCase())) throw invalid(field, "is set by the connection");
  if (value === null) return;
  // A line end would begin another header.
  if (typeof value !== "string" || value.length > HEADER_CHARS || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
    throw invalid(field, `must be text of one line, at most ${HEADER_CHARS} characters`);
  }
}

/** What a template fixes cannot be something else; what it leaves open must have been filled in. */
function checkTemplate(headers: Record<string, string>, { template, name }: Destination): void {
  for (const [header, wanted] of Object.entries(template.headers)) {
    const given = Object.entries(headers).find(([own]) => own.toLowerCase() === header.toLowerCase())?.[1];
    const field = `configuration.headers.${header}`;
    if (given !== undefined && !PLACEHOLDER.test(wanted) && given.toLowerCase() !== wanted.toLowerCase()) {
      throw invalid(field, `must be "${wanted}" for ${name}`);
    }
    if (given !== undefined && PLACEHOLDER.test(wanted) && given === wanted) {
      throw invalid(field, "still is the placeholder of the template");
    }
  }
}

function optionsOf(options: unknown, { options: rules, type }: Destination): JsonObject {
  if (options !== undefined && options !== null && !isObject(options)) {
    throw invalid("configuration.options", "must be an object");
  }
  const given: Record<string, unknown> = options ?? {};
  for (const [name, value] of Object.entries(given)) {
    const field = `configuration.options.${name.slice(0, 100)}`;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) throw invalid(field, `is not an option of ${type}`);
    const fits = {
      text: typeof value === "string" && value.length <= HEADER_CHARS,
      count: Number.isSafeInteger(value) && (value as number) >= 0,
      flag: typeof value === "boolean",
      map: isObject(value) && Object.values(value).every((part) => typeof part === "string"),
    };
    if (!fits[rule.type]) throw invalid(field, `must be a ${rule.type}. ${rule.doc}`);
    if (rule.oneOf !== undefined && !rule.oneOf.includes(value as string)) {
      throw invalid(field, `must be one of ${rule.oneOf.join(", ")}`);
    }
  }
  for (const [name, { required, doc }] of Object.entries(rules)) {
    if (required === true && given[name] === undefined) {
      throw invalid(`configuration.options.${name}`, `is required for ${type}. ${doc}`);
    }
  }
  return given as { [key: string]: JsonValue };
}
