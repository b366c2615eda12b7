import { parseMicros } from "../../base/clock.ts";
import { isObject, type JsonValue } from "../../base/json.ts";
import type { EventDraft } from "../../event/event.ts";
import type { WireDraft } from "../../event/wire.ts";
import { exitCodeIn, isRefusal } from "../exit-code.ts";
import { providerUsage, rawUsage } from "../provider-usage.ts";
import { type Told, toldDrafts } from "../told.ts";
import { first, firstName, oneLine } from "../values.ts";
import { broken, dropped, type Importer, imported, importId, NOTHING, type Read } from "./importer.ts";

type Message = Record<string, unknown>;

const FROM = "gemini";
const DENIED: ReadonlySet<unknown> = new Set(["cancelled", "rejected", "denied"]);

/**
 * A chat of Gemini CLI: `~/.gemini/tmp/<project>/chats/session-*.json`, one document, or `.jsonl`, whose lines
 * are the head, messages and changes of the head. A message is written again as its calls end, so that its
 * last form counts. Source: google-gemini/gemini-cli `packages/core/src/services/chatRecordingTypes.ts`.
 */
export function geminiImporter(): Importer {
  const chat = new Chat();
  return {
    read: (record) => chat.read(record),
    end: () => chat.end(),
  };
}

class Chat {
  readonly #messages = new Map<string, Message>();
  #session = "";

  read(record: JsonValue): Read {
    if (!isObject(record)) return broken("record", "must be a JSON object");
    if (typeof record.sessionId === "string") this.#session = record.sessionId;
    if (Array.isArray(record.messages)) return this.#all(record.messages);
    if (isObject(record.$set)) {
      const { messages } = record.$set;
      return Array.isArray(messages) ? this.#all(messages) : dropped("no activity");
    }
    if (record.$rewindTo !== undefined || record.type === undefined) return dropped("no activity");
    return this.#message(record);
  }

  #all(messages: readonly JsonValue[]): Read {
    const problem = messages.map((message) => this.#message(message).problem).find((it) => it !== undefined);
    return problem === undefined ? NOTHING : { drafts: [], problem };
  }

  #message(message: JsonValue): Read {
    if (!isObject(message)) return broken("message", "must be a JSON object");
    const { id, timestamp } = message;
    if (typeof id !== "string" || id === "") return broken("id", "must be text");
    if (typeof timestamp !== "string" || parseMicros(timestamp) === undefined)
      return broken("timestamp", "must be an RFC 3339 time");
    this.#messages.set(id, message);
    return NOTHING;
  }

  end(): WireDraft[] {
    const messages = [...this.#messages.values()];
    const known = new Set(
      messages.flatMap(({ toolCalls }) =>
        (Array.isArray(toolCalls) ? toolCalls : []).map((call) => call?.id),
      ),
    );
    const drafts = messages.flatMap((message) => [
      ...this.#drafts(message),
      ...this.#calls({ timestamp: message.timestamp, toolCalls: unlisted(message, known) }),
    ]);
    return imported(FROM, drafts);
  }

  #drafts(message: Message): EventDraft[] {
    if (message.type === "gemini") return [...this.#answer(message), ...this.#calls(message)];
    const text = textOf(message.displayContent ?? message.content);
    const kind = KINDS[String(message.type)];
    // The program's own word to the model stands before the first prompt.
    if (kind === undefined || text === "" || text.startsWith("<session_context>")) return [];
    const at = timeOf(message.timestamp);
    const id = importId(FROM, [String(message.type), this.#session, String(message.id)], at);
    const isError = message.type === "error";
    return [
      {
        ...this.#common(at),
        id,
        type: kind,
        category: "session",
        status: isError ? "error" : "ok",
        error: isError ? text : null,
        summary: oneLine(text),
        data: { text },
      },
    ];
  }

  #common(at: number | undefined): Partial<EventDraft> {
    return {
      source: "transcript",
      app: "gemini-cli",
      agent: "gemini",
      conversationId: this.#session === "" ? null : this.#session,
      runId: this.#session === "" ? null : this.#session,
      occurredAt: at ?? null,
    };
  }

  #base(id: string, at: number | undefined) {
    return {
      door: "import gemini",
      trace: this.#session,
      id,
      parent: undefined,
      // One time is all that is said.
      start: undefined,
      end: at,
      hasEnded: true,
      data: {},
      common: this.#common(at),
    };
  }

  #answer(message: Message): EventDraft[] {
    const usage = rawUsage(message.tokens);
    // Where an editor runs it, calls stand in a message of their own.
    if (usage === undefined && first(message, ["content"]) === undefined) return [];
    const model = firstName(message, ["model"]);
    const content = first(message, ["content"]);
    return toldDrafts({
      ...this.#base(String(message.id), timeOf(message.timestamp)),
      operation: "llm",
      name: `${model ?? "model"}: answered`,
      status: "ok",
      model,
      usage: providerUsage(usage),
      endData: {
        ...(content === undefined ? {} : { output: content }),
        ...(usage === undefined ? {} : { usage }),
      },
    });
  }

  /** A call that has no result yet has only begun. */
  #calls({ toolCalls, timestamp }: Message): EventDraft[] {
    if (!Array.isArray(toolCalls)) return [];
    return toolCalls.filter(isObject).flatMap((call) => {
      const id = firstName(call, ["id"]);
      const tool = firstName(call, ["name"]) ?? "unknown";
      const at = timeOf(call.timestamp) ?? timeOf(timestamp);
      const { status, said } = outcomeOf(call);
      const told: Told = {
        ...this.#base(id ?? `${tool} ${at}`, at),
        operation: "tool",
        name: tool,
        hasEnded: ENDED.has(call.status),
        status,
        error: status === "ok" ? undefined : oneLine(said, 500),
        call: { tool, id, args: first(call, ["args"]), result: first(call, ["result", "resultDisplay"]) },
      };
      return toldDrafts(told);
    });
  }
}

/** A call that a person refused stands in no list of calls: the model is told, and that is all. */
function unlisted({ type, content }: Message, known: ReadonlySet<unknown>): JsonValue[] {
  const parts = type === "user" && Array.isArray(content) ? content.filter(isObject) : [];
  return parts.flatMap(({ functionResponse }) => {
    if (!isObject(functionResponse) || known.has(functionResponse.id)) return [];
    const { id = null, name = null, response } = functionResponse;
    const status = isObject(response) && response.error !== undefined ? "error" : "success";
    return [{ id, name, status, result: [{ functionResponse }] } as JsonValue];
  });
}

function outcomeOf(call: Message): { status: "ok" | "error" | "denied"; said: string } {
  const display = typeof call.resultDisplay === "string" ? call.resultDisplay : undefined;
  const { output, error } = responseOf(call.result);
  const said = typeof error === "string" ? error : display;
  if (DENIED.has(call.status)) return { status: "denied", said: said ?? "denied" };
  if (call.status === "error") return { status: isRefusal(said) ? "denied" : "error", said: said ?? "error" };
  const code = exitCodeIn(output as JsonValue) ?? 0;
  return code === 0 ? { status: "ok", said: "ok" } : { status: "error", said: `exit code ${code}` };
}

/** What the model was told of the call. */
function responseOf(result: unknown): Record<string, unknown> {
  const part = Array.isArray(result) ? result.find(isObject) : undefined;
  const told = isObject(part) && isObject(part.functionResponse) ? part.functionResponse.response : undefined;
  return isObject(told) ? told : {};
}

const ENDED: ReadonlySet<unknown> = new Set(["success", "error", ...DENIED]);
const KINDS: Readonly<Record<string, string>> = { user: "session.prompt", error: "session.error" };

function timeOf(value: unknown): number | undefined {
  return typeof value === "string" ? parseMicros(value) : undefined;
}

/** Text, a part with text, or a list of both. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map(textOf).join("");
  return isObject(content) && typeof content.text === "string" ? content.text : "";
}
