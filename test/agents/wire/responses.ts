import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Said, Step, Usage } from "../provider.ts";
import { stream, textIn } from "./sse.ts";

/** OpenAI's Responses. */
export function readResponses({ input }: Record<string, unknown>): Said[] {
  const items = (Array.isArray(input) ? input : []) as Array<Record<string, unknown>>;
  return items.flatMap((item): Said[] => {
    if (typeof item.type === "string" && item.type.endsWith("_output"))
      return [{ role: "tool", text: textIn(item.output) }];
    return item.role === "user" ? [{ role: "user", text: textIn(item.content) }] : [];
  });
}

export function answerResponses(
  response: ServerResponse,
  step: Step,
  usage: Usage,
  body: Record<string, unknown>,
): void {
  const id = `resp_${randomUUID()}`;
  const items = itemsOf(step);
  const events: object[] = [{ type: "response.created", response: { id } }];
  for (const [output_index, item] of items.entries()) {
    events.push({ type: "response.output_item.added", output_index, item });
    events.push({ type: "response.output_item.done", output_index, item });
  }
  events.push({
    type: "response.completed",
    response: {
      id,
      model: body.model,
      output: items,
      usage: {
        input_tokens: usage.input,
        input_tokens_details: { cached_tokens: usage.cached },
        output_tokens: usage.output,
        output_tokens_details: { reasoning_tokens: usage.thinking },
        total_tokens: usage.input + usage.output,
      },
    },
  });
  stream(response, events, (event) => (event as { type: string }).type);
}

function itemsOf(step: Step): object[] {
  if ("text" in step)
    return [
      {
        type: "message",
        role: "assistant",
        id: `msg_${randomUUID()}`,
        content: [{ type: "output_text", text: step.text, annotations: [] }],
      },
    ];
  return step.calls.map(({ id, name, namespace, args }) =>
    typeof args.freeform === "string"
      ? { type: "custom_tool_call", id: `ctc_${id}`, call_id: id, name, input: args.freeform }
      : {
          type: "function_call",
          id: `fc_${id}`,
          call_id: id,
          name,
          namespace,
          arguments: JSON.stringify(args),
        },
  );
}
