/**
 * The messages of OTLP 1.9 as a reflection descriptor, with the fields that we read. Numbers are
 * those of opentelemetry/proto; a field that is not here is skipped by the decoder.
 */
const field = (type: string, id: number) => ({ type, id });
const many = (type: string, id: number) => ({ rule: "repeated", type, id });

export const DESCRIPTOR = {
  nested: {
    AnyValue: {
      oneofs: {
        value: {
          oneof: [
            "stringValue",
            "boolValue",
            "intValue",
            "doubleValue",
            "arrayValue",
            "kvlistValue",
            "bytesValue",
          ],
        },
      },
      fields: {
        stringValue: field("string", 1),
        boolValue: field("bool", 2),
        intValue: field("int64", 3),
        doubleValue: field("double", 4),
        arrayValue: field("ArrayValue", 5),
        kvlistValue: field("KeyValueList", 6),
        bytesValue: field("bytes", 7),
      },
    },
    ArrayValue: { fields: { values: many("AnyValue", 1) } },
    KeyValueList: { fields: { values: many("KeyValue", 1) } },
    KeyValue: { fields: { key: field("string", 1), value: field("AnyValue", 2) } },
    Scope: { fields: { name: field("string", 1), version: field("string", 2) } },
    Resource: { fields: { attributes: many("KeyValue", 1) } },
    Status: { fields: { message: field("string", 2), code: field("int32", 3) } },
    SpanEvent: {
      fields: {
        timeUnixNano: field("fixed64", 1),
        name: field("string", 2),
        attributes: many("KeyValue", 3),
      },
    },
    Span: {
      fields: {
        traceId: field("bytes", 1),
        spanId: field("bytes", 2),
        parentSpanId: field("bytes", 4),
        name: field("string", 5),
        startTimeUnixNano: field("fixed64", 7),
        endTimeUnixNano: field("fixed64", 8),
        attributes: many("KeyValue", 9),
        events: many("SpanEvent", 11),
        status: field("Status", 15),
      },
    },
    ScopeSpans: { fields: { scope: field("Scope", 1), spans: many("Span", 2) } },
    ResourceSpans: { fields: { resource: field("Resource", 1), scopeSpans: many("ScopeSpans", 2) } },
    TracesData: { fields: { resourceSpans: many("ResourceSpans", 1) } },
    LogRecord: {
      fields: {
        timeUnixNano: field("fixed64", 1),
        severityNumber: field("int32", 2),
        severityText: field("string", 3),
        body: field("AnyValue", 5),
        attributes: many("KeyValue", 6),
        traceId: field("bytes", 9),
        spanId: field("bytes", 10),
        observedTimeUnixNano: field("fixed64", 11),
        eventName: field("string", 12),
      },
    },
    ScopeLogs: { fields: { scope: field("Scope", 1), logRecords: many("LogRecord", 2) } },
    ResourceLogs: { fields: { resource: field("Resource", 1), scopeLogs: many("ScopeLogs", 2) } },
    LogsData: { fields: { resourceLogs: many("ResourceLogs", 1) } },
    Metric: { fields: { name: field("string", 1) } },
    ScopeMetrics: { fields: { scope: field("Scope", 1), metrics: many("Metric", 2) } },
    ResourceMetrics: { fields: { resource: field("Resource", 1), scopeMetrics: many("ScopeMetrics", 2) } },
    MetricsData: { fields: { resourceMetrics: many("ResourceMetrics", 1) } },
  },
};
