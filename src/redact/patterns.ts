import { isCard, isIban, isJwt } from "./checks.ts";
import { findEmails, findPrivateKeys } from "./scanners.ts";

/** A piece of a text that must go: from `start` to before `end`. */
export interface Span {
  start: number;
  end: number;
}

/** One row of the table of what is removed. */
export interface Pattern {
  /** The name in the mark: `[redacted:github_token]`. */
  readonly rule: string;
  /** `personal` rules do not touch identifiers, and one option turns them off. */
  readonly kind: "secret" | "personal";
  /** One of these must stand in the text, or the row is passed over. Empty: always tried. */
  readonly triggers: readonly string[];
  /**
   * Finds the spans. Either a regular expression whose quantifiers are bounded and never nested, so
   * that it runs in linear time; its group `s` is the secret, else the whole match; or a scanner.
   */
  readonly find: RegExp | ((text: string) => Span[]);
  readonly check?: (match: string) => boolean;
  /** Off unless asked for. */
  readonly optIn?: true;
  readonly doc: string;
}

/** Where a token may begin: not inside a word, but right behind an escaped line end. */
const EDGE = String.raw`(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))`;

const token = (rule: string, prefixes: readonly string[], rest: string, doc: string): Pattern => ({
  rule,
  kind: "secret",
  triggers: prefixes,
  find: new RegExp(`${EDGE}(?:${prefixes.map(literal).join("|")})${rest}`, "g"),
  doc,
});

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

const WORD = "[A-Za-z0-9_-]";
const ALNUM = "[A-Za-z0-9]";

/** The one table. Order matters where two rows could match the same text: the first wins. */
export const PATTERNS: readonly Pattern[] = [
  {
    rule: "private_key",
    kind: "secret",
    triggers: ["-----BEGIN"],
    find: findPrivateKeys,
    doc: "PEM and OpenSSH private keys, also cut off",
  },
  {
    rule: "jwt",
    kind: "secret",
    triggers: ["eyJ"],
    find: new RegExp(
      `${EDGE}eyJ[A-Za-z0-9_-]{8,4000}\\.[A-Za-z0-9_-]{2,8000}(?:\\.[A-Za-z0-9_-]{0,4000}){0,3}`,
      "g",
    ),
    check: isJwt,
    doc: "JSON Web Tokens",
  },
  token("anthropic_key", ["sk-ant-"], `${WORD}{16,200}`, "Anthropic API keys"),
  token(
    "openai_key",
    ["sk-proj-", "sk-svcacct-", "sk-admin-"],
    `${WORD}{16,300}`,
    "OpenAI project and service keys",
  ),
  token("openrouter_key", ["sk-or-"], `${WORD}{16,200}`, "OpenRouter keys"),
  token("stripe_key", ["sk_live_", "sk_test_", "rk_live_", "rk_test_"], `${ALNUM}{10,250}`, "Stripe keys"),
  token("webhook_secret", ["whsec_", "whsk_"], "[A-Za-z0-9+/=_-]{16,200}", "Webhook signing secrets"),
  token("openai_key", ["sk-"], `${ALNUM}{20,200}`, "OpenAI and look-alike keys"),
  token("github_token", ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], `${ALNUM}{30,255}`, "GitHub tokens"),
  token("github_token", ["github_pat_"], "[A-Za-z0-9_]{22,255}", "GitHub fine-grained tokens"),
  token("gitlab_token", ["glpat-", "gldt-", "glrt-", "glptt-", "glcbt-"], `${WORD}{18,100}`, "GitLab tokens"),
  token(
    "aws_access_key",
    ["AKIA", "ASIA", "ABIA", "ACCA"],
    "[A-Z0-9]{16}(?![A-Za-z0-9])",
    "AWS access key ids",
  ),
  {
    rule: "aws_secret_key",
    kind: "secret",
    triggers: ["aws", "AWS", "ecret"],
    find: /aws.{0,20}?(?:secret|sk).{0,20}?[=:"'\s]{1,4}(?<s>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])/gi,
    doc: "AWS secret keys that are named so",
  },
  token("google_api_key", ["AIza"], `${WORD}{35}(?!${WORD})`, "Google API keys"),
  token("google_oauth", ["ya29.", "GOCSPX-"], `${WORD}{20,500}`, "Google OAuth tokens and client secrets"),
  token(
    "slack_token",
    ["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xapp-"],
    "[A-Za-z0-9-]{10,250}",
    "Slack tokens",
  ),
  {
    rule: "slack_webhook",
    kind: "secret",
    triggers: ["hooks.slack.com"],
    find: /hooks\.slack\.com\/(?:services|workflows|triggers)\/(?<s>[A-Za-z0-9/_+-]{20,200})/g,
    doc: "Slack webhook addresses",
  },
  {
    rule: "discord_webhook",
    kind: "secret",
    triggers: ["/api/webhooks/"],
    find: /discord(?:app)?\.com\/api\/webhooks\/(?<s>\d{15,22}\/[A-Za-z0-9_-]{40,100})/g,
    doc: "Discord webhook addresses",
  },
  {
    rule: "telegram_token",
    kind: "secret",
    triggers: [":AA"],
    find: /(?<!\d)\d{8,10}:AA[A-Za-z0-9_-]{32,36}(?![A-Za-z0-9_-])/g,
    doc: "Telegram bot tokens",
  },
  {
    rule: "azure_key",
    kind: "secret",
    triggers: ["AccountKey=", "SharedAccessKey=", "sig="],
    find: /(?:AccountKey|SharedAccessKey|[?&]sig)=(?<s>[A-Za-z0-9+/%_-]{30,200}={0,2})/g,
    doc: "Azure storage keys and signatures",
  },
  token("sendgrid_key", ["SG."], `${WORD}{16,40}\\.${WORD}{16,80}`, "SendGrid keys"),
  token("twilio_key", ["SK", "AC"], "[0-9a-f]{32}(?![0-9a-zA-Z])", "Twilio keys and account ids"),
  token("npm_token", ["npm_"], `${ALNUM}{36}`, "npm tokens"),
  token("pypi_token", ["pypi-"], `${WORD}{50,300}`, "PyPI tokens"),
  token("huggingface_token", ["hf_"], `${ALNUM}{30,60}`, "Hugging Face tokens"),
  token("groq_key", ["gsk_"], `${ALNUM}{40,80}`, "Groq keys"),
  token("xai_key", ["xai-"], `${ALNUM}{40,120}`, "xAI keys"),
  token("replicate_token", ["r8_"], `${ALNUM}{30,60}`, "Replicate tokens"),
  token("perplexity_key", ["pplx-"], `${ALNUM}{30,80}`, "Perplexity keys"),
  token("digitalocean_token", ["dop_v1_", "doo_v1_", "dor_v1_"], "[0-9a-f]{60,70}", "DigitalOcean tokens"),
  token("databricks_token", ["dapi"], "[0-9a-f]{32}(?:-\\d)?(?![0-9a-zA-Z])", "Databricks tokens"),
  token("shopify_token", ["shpat_", "shpca_", "shppa_", "shpss_"], "[0-9a-fA-F]{32}", "Shopify tokens"),
  token("square_token", ["sq0atp-", "sq0csp-", "EAAA"], `${WORD}{22,80}`, "Square tokens"),
  token("newrelic_key", ["NRAK-", "NRII-", "NRAA-"], `${WORD}{20,60}`, "New Relic keys"),
  token("linear_key", ["lin_api_", "lin_oauth_"], `${ALNUM}{30,80}`, "Linear keys"),
  token("notion_token", ["ntn_", "secret_"], `${ALNUM}{40,60}`, "Notion tokens"),
  token("atlassian_token", ["ATATT3", "ATCTT3"], "[A-Za-z0-9_=-]{50,300}", "Atlassian tokens"),
  token("vault_token", ["hvs.", "hvb.", "hvr."], `${WORD}{20,200}`, "Vault tokens"),
  token("doppler_token", ["dp.pt.", "dp.st.", "dp.ct.", "dp.sa."], "[A-Za-z0-9._-]{30,80}", "Doppler tokens"),
  token("supabase_token", ["sbp_", "sb_secret_"], `${WORD}{20,80}`, "Supabase tokens"),
  token(
    "planetscale_token",
    ["pscale_tkn_", "pscale_pw_", "pscale_oauth_"],
    "[A-Za-z0-9._=-]{30,80}",
    "PlanetScale tokens",
  ),
  token("onepassword_token", ["ops_eyJ"], "[A-Za-z0-9_=-]{50,2000}", "1Password service tokens"),
  token("age_key", ["AGE-SECRET-KEY-1"], "[0-9A-Z]{50,64}", "age secret keys"),
  token("mailgun_key", ["key-"], "[0-9a-f]{32}(?![0-9a-zA-Z])", "Mailgun keys"),
  token("postman_key", ["PMAK-"], "[0-9a-f]{24}-[0-9a-f]{34}", "Postman keys"),
  token("daybook_key", ["dbk_"], `${WORD}{20,100}`, "Daybook's own keys"),
  {
    rule: "sentry_dsn",
    kind: "secret",
    triggers: ["ingest."],
    find: /https:\/\/(?<s>[0-9a-f]{32})(?=@[a-z0-9.]{0,40}ingest\.)/g,
    doc: "Sentry DSNs",
  },
  {
    rule: "url_credentials",
    kind: "secret",
    triggers: ["://"],
    find: /:\/\/(?<s>[^\s/:@"'<>[\]]{0,128}:[^\s/@"'<>[\]]{1,256})(?=@)/g,
    doc: "User and password in an address",
  },
  {
    rule: "authorization",
    kind: "secret",
    triggers: ["earer ", "EARER ", "asic ", "oken "],
    find: /\b(?:bearer|basic|token)\s{1,4}(?<s>[A-Za-z0-9._~+/=-]{8,4000})(?![A-Za-z0-9._~+/-])/gi,
    check: isCredential,
    doc: "Bearer, Basic and Token credentials",
  },
  {
    rule: "cookie",
    kind: "secret",
    triggers: ["ookie:", "OOKIE:"],
    find: /\b(?:set-)?cookie:\s{0,4}(?<s>[^\r\n"']{4,4000})/gi,
    doc: "Cookie headers",
  },
  {
    rule: "assignment",
    kind: "secret",
    triggers: ["=", ":"],
    find: /(?<![A-Za-z])(?:password|passwd|passphrase|pwd|secret|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|client[_-]?secret|auth[_-]?token|access[_-]?token|refresh[_-]?token|session[_-]?token|token)\\{0,2}["']?\s{0,3}[=:]\s{0,3}\\{0,2}["']?(?<s>[^\s"'\\&,;<>(){}[\]]{6,512})(?=$|[\s"'\\&,;<>)}\]])/gi,
    check: isSecretValue,
    doc: "password=…, token: …, api_key=… in a text",
  },
  { rule: "email", kind: "personal", triggers: ["@"], find: findEmails, doc: "E-mail addresses" },
  {
    rule: "iban",
    kind: "personal",
    triggers: [],
    find: /(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![A-Za-z0-9])/g,
    check: isIban,
    doc: "IBANs, by country length and checksum",
  },
  {
    rule: "card_number",
    kind: "personal",
    triggers: [],
    find: /(?:(?<![\w.+-])|(?<=\\[nrt]))\d(?:[ -]?\d){12,18}(?![\w-])/g,
    check: isCard,
    doc: "Card numbers, by issuer and Luhn",
  },
  {
    rule: "us_ssn",
    kind: "personal",
    triggers: ["-"],
    find: /(?:(?<![\w-])|(?<=\\[nrt]))(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])/g,
    doc: "US social security numbers",
  },
  {
    rule: "phone",
    kind: "personal",
    triggers: ["+"],
    find: /(?:(?<![\w+.-])|(?<=\\[nrt]))\+[1-9](?:[ ().-]{0,2}\d){7,14}(?![\w-])/g,
    doc: "Phone numbers in international form",
  },
  {
    rule: "ip_address",
    kind: "personal",
    triggers: ["."],
    optIn: true,
    find: /(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.])/g,
    doc: "IPv4 addresses (only when asked for)",
  },
];

/** `Bearer token` in a sentence is no credential: a credential has a digit or is long. */
function isCredential(match: string): boolean {
  return match.length >= 24 || /\d/.test(match);
}

/** What stands behind `token:` in code is mostly a name, a number or a call, not a secret. */
function isSecretValue(match: string): boolean {
  if (
    /^\[redacted/.test(match) ||
    /^(?:true|false|null|none|undefined|required|optional|string|number|boolean|example|changeme_?|xxx+|\*+|\.{3,}|\$\{?\w*\}?)$/i.test(
      match,
    )
  )
    return false;
  if (/^[\d.]+$/.test(match)) return match.length >= 8;
  if (/^(?:process|os|env|config|self|this|ctx|req|request|settings|options|args|params)\b[.[]/.test(match))
    return false;
  return true;
}
