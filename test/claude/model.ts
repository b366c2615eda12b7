import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { isObject } from "../../src/base/json.ts";

/** What the model says in one turn: words, calls of tools, or a refusal of the service. */
export interface Turn {
  readonly text?: string;
  readonly calls?: readonly Call[];
  readonly status?: number;
}

export interface Call {
  readonly id: string;
  readonly name: string;
  readonly input: Record<string, unknown>;
}

export interface FakeModel extends AsyncDisposable {
  readonly url: string;
  /** Paths that were asked for, with whether the answer came of a script. */
  readonly asked: string[];
}

export const USAGE = {
  input_tokens: 40,
  cache_creation_input_tokens: 20,
  cache_read_input_tokens: 100,
  output_tokens: 20,
};

/**
 * Stands in for the Messages API. Each script belongs to the conversation whose first message holds its key, and
 * says what each of its turns brings: the number of answers that the request repeats is the turn's. So it does not
 * matter how often something is asked again, or in which order agents and their sub-agents ask.
 */
export async function fakeModel(scripts: Readonly<Record<string, readonly Turn[]>>): Promise<FakeModel> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://model").pathname;
    const body: unknown = JSON.parse((await text(request)) || "{}");
    const turn = isObject(body) ? turnOf(body, scripts) : undefined;
    asked.push(`${request.method} ${path}${turn === undefined ? "" : " scripted"}`);
    if (path !== "/v1/messages" || !isObject(body)) json(response, 200, {});
    else if (turn?.status !== undefined) json(response, turn.status, refusal);
    else answer(response, body, turn ?? { text: "Fine." });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const refusal = {
  type: "error",
  error: { type: "invalid_request_error", message: "The model is not in the mood." },
};

function turnOf(
  body: Record<string, unknown>,
  scripts: Readonly<Record<string, readonly Turn[]>>,
): Turn | undefined {
  const messages = Array.isArray(body.messages) ? body.messages.filter(isObject) : [];
  const opening = JSON.stringify(messages.slice(0, 2));
  const script = Object.entries(scripts).find(([key]) => opening.includes(key))?.[1];
  return script?.[messages.filter(({ role }) => role === "assistant").length];
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function answer(response: ServerResponse, body: Record<string, unknown>, turn: Turn): void {
  const { text: words, calls = [] } = turn;
  const content = [
    ...(words === undefined ? [] : [{ type: "text", text: words }]),
    ...calls.map((call) => ({ type: "tool_use", ...call })),
  ];
  const message = {
    id: `msg_${crypto.randomUUID().replaceAll("-", "")}`,
    type: "message",
    role: "assistant",
    model: body.model,
    stop_sequence: null,
    usage: USAGE,
  };
  const stopReason = calls.length > 0 ? "tool_use" : "end_turn";
  response.setHeader("request-id", `req_${crypto.randomUUID().replaceAll("-", "")}`);
  if (body.stream !== true) {
    json(response, 200, { ...message, content, stop_reason: stopReason });
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const say = (type: string, data: object): void => {
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  };
  say("message_start", {
    message: { ...message, content: [], stop_reason: null, usage: { ...USAGE, output_tokens: 1 } },
  });
  for (const [index, block] of content.entries()) {
    const isText = block.type === "text";
    say("content_block_start", {
      index,
      content_block: isText ? { type: "text", text: "" } : { ...block, input: {} },
    });
    const delta =
      "input" in block
        ? { type: "input_json_delta", partial_json: JSON.stringify(block.input) }
        : { type: "text_delta", text: words };
    say("content_block_delta", { index, delta });
    say("content_block_stop", { index });
  }
  say("message_delta", { delta: { stop_reason: stopReason, stop_sequence: null }, usage: USAGE });
  say("message_stop", {});
  response.end();
}
