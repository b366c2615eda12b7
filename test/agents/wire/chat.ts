import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Said, Step, Usage } from "../provider.ts";
import { stream, textIn } from "./sse.ts";

/** OpenAI's chat completions. */
export function readChat({ messages }: Record<string, unknown>): Said[] {
  const all = (Array.isArray(messages) ? messages : []) as Array<Record<string, unknown>>;
  return all.flatMap(({ role, content }): Said[] =>
    role === "user" || role === "tool" ? [{ role, text: textIn(content) }] : [],
  );
}

export function answerChat(
  response: ServerResponse,
  step: Step,
  usage: Usage,
  body: Record<string, unknown>,
): void {
  const head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: body.model };
  const calls =
    "calls" in step
      ? step.calls.map(({ id, name, args }, index) => ({
          index,
          id,
          type: "function",
          function: { name, arguments: JSON.stringify(args) },
        }))
      : undefined;
  const said = "text" in step ? { content: step.text } : { content: null, tool_calls: calls };
  const finish_reason = calls === undefined ? "stop" : "tool_calls";
  const counted = {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cached },
    completion_tokens_details: { reasoning_tokens: usage.thinking },
  };
  if (body.stream !== true) {
    const choices = [{ index: 0, message: { role: "assistant", ...said }, finish_reason }];
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ...head, object: "chat.completion", choices, usage: counted }));
    return;
  }
  const object = "chat.completion.chunk";
  stream(response, [
    { ...head, object, choices: [{ index: 0, delta: { role: "assistant", ...said }, finish_reason: null }] },
    { ...head, object, choices: [{ index: 0, delta: {}, finish_reason }] },
    { ...head, object, choices: [], usage: counted },
    "[DONE]",
  ]);
}
