import { Snippet } from "../parts/snippet.tsx";
import { HOOK_SNIPPETS } from "./hook-snippets.ts";

/** The empty page teaches: a line for each of the ways that events come in. */
export function FirstSteps() {
  const at = location.origin;
  return (
    <div className="notice" style={{ overflow: "auto" }}>
      <h2>No events yet</h2>
      <p>Daybook is running and waits for the first one. It will appear here the moment it is recorded.</p>
      <div className="first">
        <h3>From a shell</h3>
        <Snippet
          text={`curl -s ${at}/api/v1/events/bulk --data-binary '{"event_type":"tool.execute","category":"tool_call","tool":"hello","status":"ok","description":"the first event"}'`}
        />
        <h3>From an agent in TypeScript</h3>
        <Snippet
          text={`import { openTrail } from "daybook";\n\nawait using trail = openTrail("./daybook.db");\ntrail.record({ type: "tool.execute", category: "tool_call", tool: "hello", status: "ok" });`}
        />
        {HOOK_SNIPPETS.map(({ agent, file, text }) => (
          <details key={agent} open={agent === "Claude Code"}>
            <summary>
              From {agent}, in {file}
            </summary>
            <Snippet text={text(at)} />
          </details>
        ))}
        <h3>From anything that speaks OpenTelemetry</h3>
        <Snippet
          text={`export OTEL_EXPORTER_OTLP_ENDPOINT=${at}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`}
        />
      </div>
    </div>
  );
}
