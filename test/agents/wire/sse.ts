import type { ServerResponse } from "node:http";

/** Writes a whole answer as a stream of server-sent events. */
export function stream(
  response: ServerResponse,
  events: readonly unknown[],
  nameOf?: (event: unknown) => string,
): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of events) {
    if (nameOf !== undefined) response.write(`event: ${nameOf(event)}\n`);
    response.write(`data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`);
  }
  response.end();
}

export function textIn(content: unknown): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map(textIn).join("\n");
  if (typeof content !== "object" || content === null) return "";
  const { text, content: inner } = content as { text?: unknown; content?: unknown };
  return typeof text === "string" ? text : textIn(inner);
}
