import { overHttp } from "./over-http.ts";

/** Any receiver of JSON: one event a request, as the transform gave it. */
export const http = overHttp({
  type: "http",
  name: "HTTP",
  docsUrl: "https://developer.mozilla.org/docs/Web/HTTP/Methods/POST",
  limits: { events: 1, bytes: 4 << 20, eventBytes: 2 << 20, overheadBytes: 0, lingerMs: 200 },
  format: "native",
  template: { method: "POST", url: null, headers: {}, placeholders: {}, transform: null },
  options: {},
  encode: ([item], { method, url }) => ({
    method,
    url,
    headers: {
      "Content-Type": typeof item?.payload === "string" ? "text/plain; charset=utf-8" : "application/json",
      // What receivers know a repeated request by.
      "Idempotency-Key": item?.event.id ?? "",
    },
    body: item?.text ?? "",
  }),
});
