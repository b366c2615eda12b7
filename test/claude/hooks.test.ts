import { describe, expect, it } from "vitest";
import type { AuditEvent } from "../../src/event/event.ts";
import { openTrail } from "../../src/index.ts";
import { fakeModel } from "./model.ts";
import { claude, documented, ENDS, endsOf, serve, WORK, workplace } from "./program.ts";

describe.each(["command", "http"])("Claude Code with the hooks of the documents, by %s", (form) => {
  it("tells each call with its start and its end, refusals, the sub-agent, and the session", async () => {
    await using model = await fakeModel(WORK);
    const place = workplace(model.url);
    const url = await serve(place.home);
    place.settings(documented(url)[form] ?? {});
    const { result } = await claude(place, "Do the work");
    expect(result).toMatchObject({ is_error: false, result: "Done." });

    await using trail = openTrail(url);
    const events: AuditEvent[] = [];
    const told = async () => {
      events.length = 0;
      for await (const event of trail.events.export()) events.push(event);
      return events.map(({ type, phase }) => [type, phase].join(" ").trim()).sort();
    };
    const session = form === "command" ? ["session.start"] : [];
    await expect
      .poll(told, { timeout: 30_000 })
      .toEqual(
        [
          ...session,
          "session.prompt",
          "session.stop",
          "session.end",
          "approval.request",
          "agent.run started",
          "agent.run completed",
          ...[...ENDS.keys()].flatMap(() => ["tool.execute started", "tool.execute completed"]),
        ].sort(),
      );
    expect(endsOf(events)).toEqual(ENDS);
    expect(events.map(({ conversationId }) => conversationId)).toEqual(events.map(() => result.session_id));
    const errors = events.filter(({ error }) => error !== null).map(({ status, error }) => [status, error]);
    expect(errors.sort()).toEqual([
      ["denied", expect.stringMatching(/^Permission to use Bash with command rm/)],
      ["denied", "This command requires approval"],
      ["error", expect.stringMatching(/^Exit code 1/)],
    ]);
    const agent = events.find(({ type, phase }) => type === "agent.run" && phase === "started");
    const inner = events.filter(
      ({ agent: name, category }) => name === "general-purpose" && category === "tool_call",
    );
    expect(inner.map(({ parentId, runId }) => [parentId, runId])).toEqual(
      inner.map(() => [agent?.id, agent?.runId]),
    );
    expect(inner).toHaveLength(2);
    expect(await trail.tools.open()).toEqual([]);
  });
});
