/**
 * Texts with and without secrets, made anew at each run from one seed. Keys are put together from
 * parts, so that no scanner takes this file for a leak.
 */
export interface Case {
  name: string;
  text: string;
  /** What must be gone; null where the text must stay as it is. */
  secret: string | null;
}

const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER = UPPER.toLowerCase();
const DIGITS = "0123456789";
const ALNUM = UPPER + LOWER + DIGITS;
const HEX = "0123456789abcdef";

/** A small generator with a seed (mulberry32): the same corpus everywhere. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const random = seeded(20_261_120);
const pick = (alphabet: string, count: number): string =>
  Array.from({ length: count }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");

const SECRETS: ReadonlyArray<readonly [string, () => string]> = [
  ["anthropic_key", () => `sk-${"ant"}-api03-${pick(ALNUM, 60)}`],
  ["openai_key", () => `sk-${"proj"}-${pick(ALNUM, 48)}`],
  ["openai_key", () => `sk${"-"}${pick(ALNUM, 48)}`],
  ["stripe_key", () => `sk_${"live"}_${pick(ALNUM, 24)}`],
  ["webhook_secret", () => `whsec${"_"}${pick(ALNUM, 32)}`],
  ["github_token", () => `gh${"p"}_${pick(ALNUM, 36)}`],
  ["github_token", () => `github${"_pat_"}${pick(ALNUM, 40)}`],
  ["gitlab_token", () => `gl${"pat"}-${pick(ALNUM, 20)}`],
  ["aws_access_key", () => `AK${"IA"}${pick(UPPER + DIGITS, 16)}`],
  ["google_api_key", () => `AI${"za"}${pick(ALNUM, 35)}`],
  ["google_oauth", () => `ya${"29."}${pick(ALNUM, 60)}`],
  ["slack_token", () => `xox${"b-"}${pick(DIGITS, 12)}-${pick(ALNUM, 24)}`],
  ["sendgrid_key", () => `S${"G."}${pick(ALNUM, 22)}.${pick(ALNUM, 43)}`],
  ["npm_token", () => `np${"m_"}${pick(ALNUM, 36)}`],
  ["pypi_token", () => `py${"pi-"}${pick(ALNUM, 90)}`],
  ["huggingface_token", () => `h${"f_"}${pick(ALNUM, 34)}`],
  ["groq_key", () => `gs${"k_"}${pick(ALNUM, 52)}`],
  ["xai_key", () => `xa${"i-"}${pick(ALNUM, 80)}`],
  ["replicate_token", () => `r${"8_"}${pick(ALNUM, 37)}`],
  ["digitalocean_token", () => `dop${"_v1_"}${pick(HEX, 64)}`],
  ["databricks_token", () => `da${"pi"}${pick(HEX, 32)}`],
  ["shopify_token", () => `shp${"at_"}${pick(HEX, 32)}`],
  ["newrelic_key", () => `NR${"AK-"}${pick(UPPER + DIGITS, 27)}`],
  ["linear_key", () => `lin${"_api_"}${pick(ALNUM, 40)}`],
  ["notion_token", () => `nt${"n_"}${pick(ALNUM, 46)}`],
  ["atlassian_token", () => `AT${"ATT3"}${pick(ALNUM, 180)}`],
  ["vault_token", () => `hv${"s."}${pick(ALNUM, 90)}`],
  ["supabase_token", () => `sb${"p_"}${pick(HEX, 40)}`],
  ["telegram_token", () => `${pick(DIGITS, 10)}:A${"A"}${pick(ALNUM, 33)}`],
  ["daybook_key", () => `db${"k_"}${pick(ALNUM, 40)}`],
  [
    "jwt",
    () =>
      `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(`{"sub":"${pick(DIGITS, 10)}"}`)}.${pick(ALNUM, 43)}`,
  ],
  [
    "private_key",
    () =>
      `-----BEGIN ${"RSA PRIVATE"} KEY-----\n${pick(ALNUM, 64)}\n${pick(ALNUM, 40)}\n-----END RSA PRIVATE KEY-----`,
  ],
  ["email", () => `${pick(LOWER, 6)}.${pick(LOWER, 7)}@${pick(LOWER, 8)}.example.org`],
  ["card_number", () => card()],
  ["iban", () => iban()],
  [
    "us_ssn",
    () =>
      `${300 + Math.floor(random() * 200)}-${10 + Math.floor(random() * 80)}-${1000 + Math.floor(random() * 8000)}`,
  ],
  ["phone", () => `+4${pick("1345679", 1)} ${pick("123456789", 3)} ${pick(DIGITS, 7)}`],
];

const CONTEXTS: ReadonlyArray<readonly [string, (secret: string) => string]> = [
  ["alone", (secret) => secret],
  ["in a sentence", (secret) => `please use ${secret} for the job, thanks`],
  ["in JSON", (secret) => JSON.stringify({ note: "x", value: secret })],
  ["in JSON in JSON", (secret) => JSON.stringify(JSON.stringify({ value: ` ${secret}` }))],
  ["in a shell command", (secret) => `deploy --to prod "${secret}" | tee log`],
  ["in a log line", (secret) => `2026-11-20T10:00:00Z INFO worker(3): got <${secret}> ok`],
  ["behind an escaped line end", (secret) => `first line\\n${secret}\\nlast line`],
  ["in a query string", (secret) => `GET /callback?x=1&value=${secret}&y=2`],
];

const INNOCENT: ReadonlyArray<readonly [string, () => string]> = [
  ["a uuid", () => `${pick(HEX, 8)}-${pick(HEX, 4)}-7${pick(HEX, 3)}-a${pick(HEX, 3)}-${pick(HEX, 12)}`],
  ["a git commit", () => `commit ${pick(HEX, 40)}`],
  ["a sha256", () => `sha256:${pick(HEX, 64)}`],
  ["base64", () => `data:image/png;base64,iVBORw0KGgo${pick(ALNUM, 120)}==`],
  ["a path", () => `/srv/app/${pick(LOWER, 8)}/src/session/store.test.ts:${pick("123456789", 2)}`],
  ["a package", () => `import x from "@${pick(LOWER, 6)}/${pick(LOWER, 7)}-types"`],
  ["sk-learn", () => `pip install sk-learn==1.${pick("123456789", 1)}`],
  ["token counts", () => `max_tokens: ${pick("123456789", 4)}, input_tokens: ${pick("123456789", 3)}`],
  ["a time", () => `2026-11-20T${pick("1", 1)}${pick(DIGITS, 1)}:00:00.${pick(DIGITS, 6)}Z`],
  ["microseconds", () => `at 17${pick(DIGITS, 14)}`],
  ["a version", () => `node v24.${pick("123456789", 2)}.${pick("123456789", 1)}`],
  ["an order number", () => `order 1${pick(DIGITS, 15)}`],
  ["prose", () => "The password was changed yesterday; bearer of good news, token of thanks."],
  ["css", () => `.button-${pick(LOWER, 4)}:hover { color: #${pick(HEX, 6)}; }`],
  ["a url", () => `https://docs.example.org/en/${pick(LOWER, 8)}?page=${pick("123456789", 2)}#top`],
  ["code", () => `const token = getToken(user); if (password === undefined) throw error;`],
  ["a trace id", () => `00-${pick(HEX, 32)}-${pick(HEX, 16)}-01`],
  ["git remote", () => `git@github.com:acme/${pick(LOWER, 6)}.git`],
  ["an image", () => `logo@2x.png and icon@3x.webp`],
  ["a tool id", () => `toolu_${pick(ALNUM, 24)} call_${pick(ALNUM, 24)}`],
];

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}

function card(): string {
  const digits = `4${pick(DIGITS, 14)}`;
  let sum = 0;
  for (const [i, digit] of [...digits].reverse().entries()) {
    const value = i % 2 === 0 ? Number(digit) * 2 : Number(digit);
    sum += value > 9 ? value - 9 : value;
  }
  return `${digits}${(10 - (sum % 10)) % 10}`.replaceAll(/(\d{4})(?=\d)/g, "$1 ");
}

function iban(): string {
  const account = pick(DIGITS, 18);
  let rest = 0;
  for (const digit of `${account}131400`) rest = (rest * 10 + Number(digit)) % 97;
  return `DE${String(98 - rest).padStart(2, "0")}${account}`;
}

export function corpus(): Case[] {
  const cases: Case[] = [];
  for (const [rule, make] of SECRETS) {
    for (const [context, put] of CONTEXTS) {
      const secret = make();
      cases.push({ name: `${rule} ${context}`, text: put(secret), secret: secret.split("\n")[1] ?? secret });
    }
  }
  for (const [name, make] of INNOCENT) {
    for (let i = 0; i < 12; i++) cases.push({ name, text: make(), secret: null });
  }
  return cases;
}
