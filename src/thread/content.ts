import type { JsonValue } from "../base/json.ts";

export type MediaSource =
  | { readonly kind: "url"; readonly url: string; readonly media_type: string | null }
  | { readonly kind: "base64"; readonly media_type: string; readonly data: string }
  | { readonly kind: "file_id"; readonly id: string; readonly media_type: string | null };

export type CitationSource =
  | { readonly kind: "url"; readonly url: string; readonly title: string | null }
  | { readonly kind: "document"; readonly document_index: number; readonly title: string | null };

/** What every part may carry; both are absent where there is nothing. */
interface Extras {
  readonly cache_control?: { readonly ttl: "five_minutes" | "one_hour" };
  /** Opaque to everybody but its provider; survives every replay byte for byte. */
  readonly provider_echoes?: ReadonlyArray<{ readonly provider: string; readonly payload: JsonValue }>;
}

/** A piece of a message, tagged by `type`. */
export type ContentPart = Extras &
  (
    | { readonly type: "text"; readonly text: string }
    | { readonly type: "image" | "audio" | "video"; readonly source: MediaSource }
    | { readonly type: "document"; readonly source: MediaSource; readonly name: string | null }
    | { readonly type: "thinking"; readonly text: string }
    | { readonly type: "redacted_thinking" }
    | { readonly type: "citation"; readonly snippet: string; readonly source: CitationSource }
    | { readonly type: "tool_use"; readonly id: string; readonly name: string; readonly input: JsonValue }
    | { readonly type: "image_output"; readonly source: MediaSource }
    | { readonly type: "audio_output"; readonly source: MediaSource; readonly transcript: string | null }
    | {
        readonly type: "tool_result";
        readonly tool_use_id: string;
        readonly name: string;
        readonly content: JsonValue;
        readonly is_error: boolean;
      }
  );

/** Tokens of one answer; the counts that a provider does not give are 0. */
export interface Usage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cached_input_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly reasoning_tokens: number;
  readonly safety_ratings: ReadonlyArray<{
    readonly category: { readonly kind: string; readonly raw?: string };
    readonly level: "negligible" | "low" | "medium" | "high";
  }>;
}

/** A message as a model takes it. */
export interface Message {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: readonly ContentPart[];
}
