import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Said, Step, Usage } from "../provider.ts";
import { stream, textIn } from "./sse.ts";

type Part = Record<string, unknown>;

/** Google's generateContent. */
export function readGemini({ contents }: Record<string, unknown>): Said[] {
  const all = (Array.isArray(contents) ? contents : []) as Array<{ role?: string; parts?: Part[] }>;
  return all
    .filter(({ role }) => role !== "model")
    .flatMap(({ parts }) => parts ?? [])
    .map(
      (part): Said =>
        part.functionResponse === undefined
          ? { role: "user", text: textIn(part) }
          : { role: "tool", text: JSON.stringify(part.functionResponse) },
    );
}

export function answerGemini(
  response: ServerResponse,
  step: Step,
  usage: Usage,
  _body: Record<string, unknown>,
  path: string,
): void {
  const parts =
    "text" in step
      ? [{ text: step.text }]
      : step.calls.map(({ id, name, args }) => ({ functionCall: { id, name, args } }));
  const answer = {
    candidates: [{ index: 0, content: { role: "model", parts }, finishReason: "STOP" }],
    modelVersion: /models\/([^:]+):/.exec(path)?.[1],
    responseId: randomUUID(),
    usageMetadata: {
      promptTokenCount: usage.input,
      candidatesTokenCount: usage.output,
      cachedContentTokenCount: usage.cached,
      thoughtsTokenCount: usage.thinking,
      totalTokenCount: usage.input + usage.output + usage.thinking,
    },
  };
  if (path.endsWith(":streamGenerateContent")) {
    stream(response, [answer]);
    return;
  }
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(answer));
}
