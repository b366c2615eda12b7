import { setTimeout as wait } from "node:timers/promises";
import { derivedUuid } from "../../base/derived-uuid.ts";
import { isObject } from "../../base/json.ts";
import type { Configuration, Judgment, Reach } from "../destination.ts";
import type { Incoming } from "../egress/egress.ts";
import { answerJson, judgeStatus, option, overHttp, retryAfter } from "./over-http.ts";

const INVALID_DATA = 6;
/** Answers that blame the token, the index or the channel, with status 400 though. */
const CONFIGURATION_CODES: ReadonlySet<number> = new Set([1, 2, 3, 4, 7, 10, 11, 14]);
const ACK_PAUSE_MS = 250;

/**
 * Splunk's HTTP Event Collector. With `ack` a message counts only when the indexer says that it is
 * indexed: a 200 alone means that somebody has it in memory.
 */
export const splunkHec = overHttp({
  type: "splunk_hec",
  name: "Splunk HEC",
  docsUrl: "https://docs.splunk.com/Documentation/Splunk/latest/Data/UsetheHTTPEventCollector",
  limits: { events: 500, bytes: 1_000_000, eventBytes: 900_000, overheadBytes: 300, lingerMs: 1000 },
  format: "native",
  gzip: true,
  template: {
    method: "POST",
    url: "https://{host}:8088/services/collector/event",
    headers: { Authorization: "Splunk {token}", "Content-Type": "application/json" },
    placeholders: { host: { label: "Host" }, token: { label: "HEC token", secret: true } },
    transform: null,
  },
  options: {
    index: { type: "text", doc: "The index; the token's default without it." },
    source: { type: "text", doc: "Default: daybook." },
    sourcetype: { type: "text", doc: "Default: _json." },
    ack: { type: "flag", doc: "Wait until the indexer acknowledges; the token must have it turned on." },
  },
  encode(items, configuration) {
    const shared = {
      source: option(configuration, "source", "daybook"),
      sourcetype: option(configuration, "sourcetype", "_json"),
      ...(configuration.options.index === undefined ? {} : { index: configuration.options.index }),
    };
    const body = items.map(({ event, payload }) =>
      JSON.stringify({
        time: event.occurredAt / 1_000_000,
        host: event.agent ?? "daybook",
        ...shared,
        event: payload,
        fields: { daybook_id: event.id, daybook_seq: event.seq },
      }),
    );
    return {
      method: configuration.method,
      url: configuration.url,
      headers: { "Content-Type": "application/json", "X-Splunk-Request-Channel": channelOf(configuration) },
      body: body.join("\n"),
    };
  },
  judge(answer, items, { successStatus }) {
    const said = answerJson(answer.body);
    const code = isObject(said) && typeof said.code === "number" ? said.code : undefined;
    const text = isObject(said) && typeof said.text === "string" ? said.text : "";
    const reason = `The collector answered ${answer.status}: ${text.slice(0, 200)} (code ${code}).`;
    if (code === INVALID_DATA && isObject(said) && typeof said["invalid-event-number"] === "number") {
      const bad = said["invalid-event-number"];
      // Whether those around it are kept differs between versions, so they go again: same id, no harm.
      const again = new Set(items.keys());
      if (again.delete(bad)) return { verdict: "ok", refused: new Map([[bad, reason]]), again };
    }
    if (code !== undefined && CONFIGURATION_CODES.has(code)) return { verdict: "hold", reason };
    return judgeStatus(answer, successStatus);
  },
  confirm: (answer, configuration, reach) => acknowledged(answer, configuration, reach),
});

/** One channel a forwarder, the same from start to start. */
function channelOf({ url, headers }: Configuration): string {
  return derivedUuid(["splunk-channel", url, JSON.stringify(headers)]);
}

async function acknowledged(answer: Incoming, configuration: Configuration, reach: Reach): Promise<Judgment> {
  const said = answerJson(answer.body);
  if (configuration.options.ack !== true) return { verdict: "ok" };
  const id = isObject(said) ? said.ackId : undefined;
  if (typeof id !== "number") {
    return { verdict: "hold", reason: "The collector gave no ackId: acknowledgement is off for this token." };
  }
  const url = new URL(configuration.url);
  url.pathname = url.pathname.replace(/\/(event|raw)?(\/1\.0)?$/, "/ack");
  url.searchParams.set("channel", channelOf(configuration));
  const until = performance.now() + reach.timeoutMs;
  while (performance.now() < until) {
    const polled = await reach.egress.send({
      method: "POST",
      url: url.href,
      headers: {
        ...configuration.headers,
        "Content-Type": "application/json",
        "X-Splunk-Request-Channel": channelOf(configuration),
      },
      body: JSON.stringify({ acks: [id] }),
      timeoutMs: reach.timeoutMs,
      tlsVerify: configuration.tlsVerify,
      caCert: configuration.caCert ?? undefined,
      signal: reach.signal,
    });
    const acks = answerJson(polled.body);
    if (isObject(acks) && isObject(acks.acks) && acks.acks[String(id)] === true) return { verdict: "ok" };
    await wait(retryAfter(polled.headers["retry-after"]) ?? ACK_PAUSE_MS, undefined, {
      signal: reach.signal,
    });
  }
  return { verdict: "retry", reason: `The indexer did not acknowledge within ${reach.timeoutMs} ms.` };
}
