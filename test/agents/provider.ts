import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerChat, readChat } from "./wire/chat.ts";
import { answerGemini, readGemini } from "./wire/gemini.ts";
import { answerResponses, readResponses } from "./wire/responses.ts";

export interface Call {
  readonly id: string;
  readonly name: string;
  /** Of Codex' tools of a kind. */
  readonly namespace?: string;
  readonly args: Record<string, unknown>;
}

/** What the model says in one answer. */
export type Step = { readonly calls: readonly Call[] } | { readonly text: string };

/** Answers by a word of the prompt that they belong to, in order. */
export type Script = Readonly<Record<string, readonly Step[]>>;

/** A conversation as every wire format tells it. */
export interface Said {
  readonly role: "user" | "tool";
  readonly text: string;
}

export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly cached: number;
  readonly thinking: number;
}

export interface Provider {
  readonly url: string;
  /** Requests with a model's answer. */
  readonly requests: unknown[];
  close(): Promise<void>;
}

const USAGE: Usage = { input: 120, output: 20, cached: 50, thinking: 5 };
const IDLE: Step = { text: "Nothing to do." };

interface Wire {
  readonly path: RegExp;
  read(body: Record<string, unknown>): Said[];
  answer(
    response: ServerResponse,
    step: Step,
    usage: Usage,
    body: Record<string, unknown>,
    path: string,
  ): void;
}

const WIRES: readonly Wire[] = [
  { path: /\/responses$/, read: readResponses, answer: answerResponses },
  { path: /\/chat\/completions$/, read: readChat, answer: answerChat },
  { path: /:(?:streamG|g)enerateContent$/, read: readGemini, answer: answerGemini },
];

/** A model's provider on this machine, that says what its script says, in the wire format that it is asked in. */
export async function startProvider(script: Script): Promise<Provider> {
  const requests: unknown[] = [];
  const server = createServer((request, response) => void answer(request, response, script, requests));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  script: Script,
  requests: unknown[],
): Promise<void> {
  const path = (request.url ?? "").split("?")[0] ?? "";
  const wire = WIRES.find((it) => it.path.test(path));
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  if (wire === undefined) {
    response.writeHead(path.endsWith("/models") ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify({ object: "list", data: [], models: [] }));
    return;
  }
  const body = JSON.parse(Buffer.concat(pieces).toString("utf8")) as Record<string, unknown>;
  requests.push(body);
  wire.answer(response, stepOf(script, wire.read(body)), USAGE, body, path);
}

/** The script of the newest prompt that has one; its step by the results that came back since. */
function stepOf(script: Script, said: readonly Said[]): Step {
  const words = Object.keys(script);
  const at = said.findLastIndex(({ role, text }) => role === "user" && words.some((it) => text.includes(it)));
  const word = words.find((it) => said[at]?.text.includes(it));
  if (word === undefined) return IDLE;
  let results = said.slice(at + 1).filter(({ role }) => role === "tool").length;
  for (const step of script[word] ?? []) {
    if (!("calls" in step) || results < step.calls.length) return step;
    results -= step.calls.length;
  }
  return IDLE;
}
