/** Names whose value is a secret whatever it looks like; compared without case, `_`, `-`, `.` and spaces. */
export const SECRET_KEYS: readonly string[] = [
  "password",
  "passwd",
  "pwd",
  "passphrase",
  "passcode",
  "secret",
  "secrets",
  "token",
  "authtoken",
  "bearertoken",
  "apikey",
  "apitoken",
  "apisecret",
  "accesskey",
  "accesskeyid",
  "secretaccesskey",
  "secretkey",
  "privatekey",
  "signingkey",
  "encryptionkey",
  "clientsecret",
  "authorization",
  "proxyauthorization",
  "cookie",
  "cookies",
  "setcookie",
  "credential",
  "credentials",
  "sessiontoken",
  "refreshtoken",
  "accesstoken",
  "idtoken",
  "csrftoken",
  "xapikey",
  "xauthtoken",
  "connectionstring",
  "ssn",
  "socialsecuritynumber",
  "cardnumber",
  "creditcard",
  "creditcardnumber",
  "cvv",
  "cvc",
  "iban",
  "otp",
  "mfacode",
  "pin",
  "privatekeypem",
  "webhooksecret",
];
const SUFFIXES = [
  "password",
  "passwd",
  "secret",
  "apikey",
  "privatekey",
  "accesstoken",
  "refreshtoken",
  "authtoken",
  "clientsecret",
  "secretkey",
  "apitoken",
  "sessiontoken",
];
const CACHE_MAX = 4_096;

/** Says of a key whether its value is a secret; remembers what it said, up to a bound. */
export class KeyNames {
  readonly #secret: ReadonlySet<string>;
  readonly #allowed: ReadonlySet<string>;
  readonly #known = new Map<string, boolean>();

  constructor(extra: readonly string[] = [], allowed: readonly string[] = []) {
    this.#secret = new Set([...SECRET_KEYS, ...extra.map(plain)]);
    this.#allowed = new Set(allowed.map(plain));
  }

  isSecret(key: string): boolean {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const name = plain(key);
    const secret =
      !this.#allowed.has(name) &&
      (this.#secret.has(name) || SUFFIXES.some((suffix) => name.endsWith(suffix)));
    if (this.#known.size >= CACHE_MAX) this.#known.clear();
    if (key.length <= 128) this.#known.set(key, secret);
    return secret;
  }
}

function plain(key: string): string {
  return key
    .slice(0, 128)
    .replaceAll(/[_\-.\s]/g, "")
    .toLowerCase();
}
