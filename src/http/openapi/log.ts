import { inPath, query, type RouteDoc, TENANT } from "./route-doc.ts";

const asked = (path: string, summary: string, more: Pick<RouteDoc, "parameters" | "answers">): RouteDoc => ({
  method: "get",
  path: `/api/v1/log/${path}`,
  need: "read",
  tag: "log",
  summary,
  ...more,
  parameters: [TENANT, ...(more.parameters ?? [])],
});

/** The Merkle log. */
export const LOG_ROUTES: readonly RouteDoc[] = [
  asked("checkpoint", "The newest checkpoint of the Merkle log, a C2SP signed note.", {
    answers: { "200": "text/plain.", "404": "Nothing is sealed yet." },
  }),
  asked("keys", "The public keys of the log, and the state of each.", { answers: { "200": "The keys." } }),
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
