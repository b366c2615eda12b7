import { describe, expect, it } from "vitest";
import type { Forwarder, ForwarderType } from "../api/forwarding.ts";
import { fill, idOf, newDraft, toAttributes, toDraft } from "./draft.ts";

const SPLUNK: ForwarderType = {
  id: "splunk_hec",
  attributes: {
    name: "Splunk HEC",
    docs_url: "https://docs.example",
    configuration: {
      method: "POST",
      url: "https://{host}:8088/services/collector/event",
      headers: [{ name: "Authorization", value: "Splunk {token}" }],
    },
    placeholders: {
      host: { label: "Host", secret: false, enum: null, default: null, placeholder: null },
      token: { label: "HEC token", secret: true, enum: null, default: null, placeholder: null },
      index: { label: "Index", secret: false, enum: null, default: "main", placeholder: null },
    },
    transform: null,
    options: {
      index: { type: "text", doc: "" },
      ack: { type: "flag", doc: "" },
      max_bytes: { type: "count", doc: "" },
      labels: { type: "map", doc: "" },
    },
  },
};

describe("the form of a forwarder", () => {
  it("fills the template of its type with what is typed", () => {
    const draft = fill(newDraft(SPLUNK), SPLUNK, { host: "siem.example", token: "t0k" });
    expect(draft.url).toBe("https://siem.example:8088/services/collector/event");
    expect(draft.headers).toEqual([{ name: "Authorization", value: "Splunk t0k" }]);
    expect(newDraft(SPLUNK).url).toContain("{host}");
    expect(draft.options).toEqual({ index: "main" });
  });

  it("becomes attributes, each option as its type wants it", () => {
    const draft = {
      ...fill(newDraft(SPLUNK), SPLUNK, { host: "h", token: "t" }),
      name: "SIEM",
      environments: " production, staging ,",
      filter: '{"==":[1,1]}',
      options: { ack: "true", max_bytes: "5", labels: '{"a":"b"}', index: "", gone: "x" },
    };
    expect(toAttributes(draft, SPLUNK)).toEqual({
      name: "SIEM",
      forwarder_type: "splunk_hec",
      filter: { "==": [1, 1] },
      transform: null,
      transform_type: null,
      format: null,
      configuration: {
        method: "POST",
        url: "https://h:8088/services/collector/event",
        headers: { Authorization: "Splunk t" },
        options: { ack: true, max_bytes: 5, labels: { a: "b" } },
      },
      environments: { production: { enabled: true }, staging: { enabled: true } },
    });
    expect(() => toAttributes({ ...draft, filter: "{" }, SPLUNK)).toThrow("The filter is not JSON");
    expect(() => toAttributes({ ...draft, options: { max_bytes: "many" } }, SPLUNK)).toThrow("max_bytes");
  });
});

describe("the form of a forwarder that is there", () => {
  it("gives back what it has no field for, and keeps the overrides of environments that are switched off", () => {
    const forwarder = {
      id: "siem",
      attributes: {
        name: "SIEM",
        forwarder_type: "splunk_hec",
        filter: null,
        transform_type: "JSONATA",
        transform: "$",
        configuration: {
          method: "PUT",
          url: "https://h",
          headers: { A: "b" },
          success_status: "204",
          tls_verify: false,
          ca_cert: null,
          options: { ack: true, labels: { a: 1 } },
        },
        environments: { staging: { enabled: true, url: "https://other" }, production: {} },
        forward_smplkit_events: true,
        paused: true,
      },
    } as unknown as Forwarder;
    const draft = toDraft(forwarder);
    expect(draft).toMatchObject({ environments: "staging", options: { ack: "true", labels: '{"a":1}' } });
    expect(toAttributes({ ...draft, environments: "production" }, SPLUNK)).toMatchObject({
      forward_smplkit_events: true,
      transform: "$",
      configuration: { method: "PUT", success_status: "204", tls_verify: false, options: { ack: true } },
      environments: {
        staging: { enabled: false, url: "https://other" },
        production: { enabled: true },
      },
    });
  });

  it("makes an id of a name", () => {
    expect(idOf(" The SIEM (EU) ")).toBe("the-siem-eu");
  });
});
