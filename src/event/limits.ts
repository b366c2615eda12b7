/** Every maximum in one place. Bytes are UTF-8, characters are UTF-16 code units. */
export const LIMITS = {
  /** An identifier: a type, an id, a name. */
  nameChars: 512,
  tenantChars: 128,
  /** One line for people. */
  summaryChars: 8_192,
  /** The message of a failure. */
  errorChars: 65_536,
  /** A string inside `data`; the library cuts a longer one, the HTTP edge refuses the event by `eventBytes`. */
  dataStringChars: 262_144,
  dataDepth: 64,
  /** One event, encoded. */
  eventBytes: 1_048_576,
  /** One HTTP body, after decompression. */
  bodyBytes: 64 * 1_048_576,
  pageSize: 1_000,
  /** Rows that one request may look at before it answers with what it has. */
  scanRows: 20_000,
} as const;
