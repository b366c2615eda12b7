import { FILTERS, inPath, query, type RouteDoc, TENANT } from "./route-doc.ts";

const asked = (path: string, summary: string, more: Pick<RouteDoc, "parameters" | "answers">): RouteDoc => ({
  method: "get",
  path: `/api/v1/log/${path}`,
  need: "read",
  tag: "log",
  summary,
  ...more,
  parameters: [TENANT, ...(more.parameters ?? [])],
});

/** Evidence for people who trust neither the operator nor the server. */
export const EVIDENCE_ROUTES: readonly RouteDoc[] = [
  {
    method: "get",
    path: "/api/v1/evidence",
    need: "audit",
    tag: "log",
    summary: "An evidence bundle, `evidence.ndjson`: events with what proves them.",
    parameters: [
      TENANT,
      ...FILTERS,
      query("first", "Instead of filters, every event from this seq …", { type: "integer" }),
      query("last", "… to this one.", { type: "integer" }),
    ],
    answers: { "200": "Lines of JSON.", "400": "A parameter breaks a rule.", "404": "Nothing is sealed." },
  },
  {
    method: "get",
    path: "/api/v1/evidence/{file}",
    need: "nothing",
    tag: "log",
    summary: "What checks a bundle: verify.mjs, verify.py, and README.txt.",
    parameters: [inPath("file", "Its name.")],
    answers: { "200": "The program.", "404": "There is no such file." },
  },
];

const ORIGIN = query("origin", "The log: the first line of its checkpoints.");

/** The witness that this Daybook is to other logs. */
export const WITNESS_ROUTES: readonly RouteDoc[] = [
  {
    method: "post",
    path: "/witness/add-checkpoint",
    need: "nothing",
    tag: "log",
    summary: "Cosign a checkpoint of a log that is watched here: C2SP tlog-witness.",
    requestTypes: { "text/plain": { type: "string" } },
    answers: {
      "200": "The cosignature.",
      "403": "No key of the log signed it.",
      "404": "The log is not watched here.",
      "409": "Another size is the newest here; the body is that size.",
      "422": "The proof does not hold.",
    },
  },
  {
    method: "get",
    path: "/witness/checkpoint",
    need: "nothing",
    tag: "log",
    summary: "The newest checkpoint of a watched log that was seen here.",
    parameters: [ORIGIN],
    answers: { "200": "A signed note.", "404": "None was seen." },
  },
  {
    method: "get",
    path: "/witness/split",
    need: "nothing",
    tag: "log",
    summary: "A signed checkpoint that contradicts it: proof that the log shows two histories.",
    parameters: [ORIGIN],
    answers: { "200": "A signed note.", "404": "There is none." },
  },
];

/** The Merkle log. */
export const LOG_ROUTES: readonly RouteDoc[] = [
  asked("checkpoint", "The newest checkpoint of the Merkle log, a C2SP signed note.", {
    answers: { "200": "text/plain.", "404": "Nothing is sealed yet." },
  }),
  asked("keys", "The public keys of the log, and the state of each.", { answers: { "200": "The keys." } }),
  asked("witnesses", "How the log stands with each witness that it is shown to.", {
    answers: { "200": "Witnesses." },
  }),
  {
    ...asked("verify", "Verify the whole log: lines of progress, then the verdict on five claims.", {
      answers: { "200": "Lines of JSON: `{done, total}` …, `{verdict}`." },
    }),
    need: "audit",
  },
  asked("proof/inclusion", "What proves one event: its leaf, the path to the root, the checkpoint.", {
    parameters: [
      query("id", "The event's UUID."),
      query("seq", "Or its seq."),
      query("leaf_index", "Or its leaf, seq less one: the path alone."),
      query("tree_size", "With leaf_index: the tree to prove it in."),
      query("format", "tlog-proof: one file, C2SP tlog-proof."),
    ],
    answers: { "200": "The proof.", "404": "There is no such event, or it is not sealed yet." },
  }),
  asked("proof/consistency", "Shows that a larger tree begins with a smaller one (RFC 9162 §2.1.4).", {
    parameters: [query("first", "The smaller size."), query("second", "The larger; the newest without it.")],
    answers: { "200": "The proof.", "404": "Not sealed yet." },
  }),
  asked("tile/{path}", "A tile of hashes, or a bundle of entries: C2SP tlog-tiles.", {
    parameters: [inPath("path", "Level and index: `0/x001/234.p/5`, `entries/000`.")],
    answers: { "200": "Bytes that never change.", "404": "There is no such tile." },
  }),
];
