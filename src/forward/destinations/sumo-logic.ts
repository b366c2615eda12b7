import { option, overHttp } from "./over-http.ts";

/** Sumo Logic's HTTP source: lines; the address itself is the secret. */
export const sumoLogic = overHttp({
  type: "sumo_logic",
  name: "Sumo Logic",
  docsUrl: "https://help.sumologic.com/docs/send-data/hosted-collectors/http-source/logs-metrics/",
  limits: { events: 1000, bytes: 1_000_000, eventBytes: 900_000, overheadBytes: 1, lingerMs: 1000 },
  format: "native",
  gzip: true,
  template: {
    method: "POST",
    url: "{source_url}",
    headers: { "Content-Type": "application/x-ndjson" },
    placeholders: { source_url: { label: "HTTP source address", secret: true } },
    transform: null,
  },
  options: {
    category: { type: "text", doc: "X-Sumo-Category." },
    name: { type: "text", doc: "X-Sumo-Name. Default: daybook." },
    host: { type: "text", doc: "X-Sumo-Host. Default: daybook." },
  },
  encode(items, configuration) {
    const category = option(configuration, "category", "");
    return {
      method: configuration.method,
      url: configuration.url,
      headers: {
        "Content-Type": "application/x-ndjson",
        "X-Sumo-Name": option(configuration, "name", "daybook"),
        "X-Sumo-Host": option(configuration, "host", "daybook"),
        ...(category === "" ? {} : { "X-Sumo-Category": category }),
      },
      body: items.map(({ text }) => `${text}\n`).join(""),
    };
  },
});
