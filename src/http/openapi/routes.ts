import { FIELDS } from "../../event/fields.ts";
import type { Route } from "../routing.ts";
import { openapiDocument, ROUTE_DOCS } from "./document.ts";

export function openapiRoutes(route: Route): void {
  route("get", "/openapi.json", (c) => c.json(openapiDocument()));
  route("get", "/docs", (c) =>
    c.html(docsPage(), 200, {
      "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
      "X-Content-Type-Options": "nosniff",
    }),
  );
}

function docsPage(): string {
  const rows = ROUTE_DOCS.map(({ method, path, summary, parameters = [], answers }) => {
    const names = parameters.map((parameter) => `<code>${asText(String(parameter.name))}</code>`).join(" ");
    const statuses = Object.entries(answers).map(
      ([status, text]) => `<li><code>${status}</code> ${asText(text)}</li>`,
    );
    return `<h2><code>${method.toUpperCase()} ${asText(path)}</code></h2><p>${asText(summary)}</p><p>${names}</p><ul>${statuses.join("")}</ul>`;
  });
  const fields = FIELDS.map((field) => `<dt><code>${field.wire}</code></dt><dd>${asText(field.doc)}</dd>`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Daybook API</title><h1>Daybook API</h1><p>The same as a document: <a href="/openapi.json">/openapi.json</a></p>${rows.join("")}<h2>The fields of an event</h2><dl>${fields.join("")}</dl></html>`;
}

function asText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
