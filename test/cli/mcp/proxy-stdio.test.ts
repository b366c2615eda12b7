import { Client as SecondClient } from "@modelcontextprotocol/client";
import { StdioClientTransport as SecondTransport } from "@modelcontextprotocol/client/stdio";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as FirstTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it } from "vitest";
import { emptyFolder } from "../daybook.ts";
import { named, proxied, recordedIn, serverAt, words } from "./recording.ts";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";

async function firstClient(folder: string, flags: readonly string[] = []) {
  const client = new FirstClient(
    { name: "first-agent", version: "0.1" },
    { capabilities: { elicitation: {}, sampling: {} } },
  );
  const asked: string[] = [];
  client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
    asked.push(params.message);
    return { action: "decline" };
  });
  client.setRequestHandler(CreateMessageRequestSchema, async () => ({
    model: "model-7",
    role: "assistant",
    content: { type: "text", text: "short" },
  }));
  await client.connect(new FirstTransport(proxied(folder, flags, [serverAt("first-generation")])));
  return { client, asked };
}

describe("the first SDK on both sides of the proxy", () => {
  it("works as without it, and each thing that was done is in the trail", async () => {
    const folder = emptyFolder();
    const { client, asked } = await firstClient(folder, ["--agent", "planner", "--run", "r1"]);
    let changed = 0;
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void changed++);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("delete_all");
    const call = (name: string, args: Record<string, unknown> = {}) =>
      client.callTool({ name, arguments: args });
    const traced = { name: "read_file", arguments: { path: "/a" }, _meta: { traceparent: TRACEPARENT } };
    expect((await client.callTool(traced, undefined, { onprogress: () => undefined })).content).toEqual([
      { type: "text", text: "hello /a" },
    ]);
    expect((await call("read_file", { path: "/secret" })).isError).toBe(true);
    expect((await call("nope")).isError).toBe(true);
    expect((await call("delete_all")).content).toEqual([{ type: "text", text: "decline" }]);
    expect((await call("summarize")).content).toEqual([{ type: "text", text: "model-7" }]);
    await client.readResource({ uri: "file:///config.json" });
    await client.getPrompt({ name: "greet", arguments: { name: "Ada" } });
    await call("grow");
    await expect.poll(() => changed).toBe(1);
    await client.listTools();
    await client.close();
    expect(asked).toEqual(["Delete everything?"]);

    const events = await recordedIn(folder);
    expect(events.filter(({ type }) => !type.startsWith("tool.defin")).map(words)).toEqual([
      "mcp.connect ok",
      "tool.execute started pending read_file",
      "mcp.progress ok read_file",
      "tool.execute completed ok read_file",
      "tool.execute started pending read_file",
      "tool.execute completed error read_file",
      "tool.execute started pending nope",
      "tool.execute completed error nope",
      "tool.execute started pending delete_all",
      "approval.request started pending",
      "approval.decide completed denied",
      "tool.execute completed ok delete_all",
      "tool.execute started pending summarize",
      "llm.complete started pending",
      "llm.complete completed ok",
      "tool.execute completed ok summarize",
      "mcp.resource.read started pending file:///config.json",
      "mcp.resource.read completed ok file:///config.json",
      "mcp.prompt.get started pending greet",
      "mcp.prompt.get completed ok greet",
      "tool.execute started pending grow",
      "mcp.list_changed ok",
      "tool.execute completed ok grow",
      "mcp.disconnect ok",
    ]);
    expect(named(events, "mcp.connect")[0]?.data).toMatchObject({
      method: "initialize",
      client: { name: "first-agent", version: "0.1" },
      server: { name: "first-files", version: "1.0.0" },
    });
    const [start, end] = named(events, "tool.execute");
    expect(start).toMatchObject({
      agent: "planner",
      app: "first-agent",
      destination: "first-files",
      runId: "r1",
      traceId: "0af7651916cd43dd8448eb211c80319c",
      data: { arguments: { path: "/a" } },
    });
    expect(end).toMatchObject({ startId: start?.id, data: { result: { content: [{ text: "hello /a" }] } } });
    expect(named(events, "llm.complete", "completed")[0]?.model).toBe("model-7");
    const [question] = named(events, "approval.request");
    expect(question?.parentId).toBe(named(events, "tool.execute", "started")[3]?.id);
    expect(named(events, "tool.defined").map(({ tool }) => tool)).toContain("new_tool");
  });

  it("fails the call under way with the reason when the server dies, and its exit is the proxy's", async () => {
    const folder = emptyFolder();
    const { client } = await firstClient(folder);
    await expect(client.callTool({ name: "crash", arguments: {} })).rejects.toThrow(/closed/i);
    await expect.poll(async () => (await recordedIn(folder)).map(words).at(-1)).toBe("mcp.disconnect error");
    const events = await recordedIn(folder);
    expect(named(events, "tool.execute", "completed")[0]).toMatchObject({
      status: "error",
      error: "the server ended with exit status 3",
    });
    expect(named(events, "mcp.disconnect")[0]?.data).toMatchObject({ exit_status: 3 });
  });

  it("tells a definition once over many connections, and a changed one as changed", async () => {
    const folder = emptyFolder();
    for (const _ of [1, 2]) {
      const { client } = await firstClient(folder, ["--server", "files"]);
      await client.listTools();
      await client.close();
    }
    const client = new SecondClient({ name: "second-agent", version: "2" });
    const server = [serverAt("second-generation"), "stdio"];
    await client.connect(new SecondTransport(proxied(folder, ["--server", "files"], server)));
    await client.listTools();
    await client.close();
    const events = await recordedIn(folder);
    const told = named(events, "tool.defined").map(({ tool, source }) => [tool, source]);
    expect(told).toHaveLength(new Set(told.map(String)).size);
    expect(told).toContainEqual(["read_file", "mcp:files"]);
    expect(named(events, "tool.definition_changed").map(({ tool }) => tool)).toEqual([
      "read_file",
      "delete_all",
    ]);
  });
});

describe("the second SDK on both sides of the proxy", () => {
  it.each([
    ["auto", "server/discover"],
    ["legacy", "initialize"],
  ] as const)("works as without it when it negotiates %s", async (mode, method) => {
    const folder = emptyFolder();
    const client = new SecondClient(
      { name: "second-agent", version: "2" },
      { versionNegotiation: { mode }, capabilities: { elicitation: {} } },
    );
    client.setRequestHandler("elicitation/create", async () => ({
      action: "accept",
      content: { sure: true },
    }));
    const server = [serverAt("second-generation"), "stdio"];
    await client.connect(new SecondTransport(proxied(folder, [], server)));
    await client.listTools();
    const call = (name: string, args: Record<string, unknown> = {}) =>
      client.callTool({ name, arguments: args });
    expect((await call("read_file", { path: "/a" })).content).toEqual([{ type: "text", text: "hello /a" }]);
    expect((await call("read_file", { path: "/secret" })).isError).toBe(true);
    await expect(call("nope")).rejects.toThrow(/nope/);
    expect((await call("delete_all")).content).toEqual([{ type: "text", text: "deleted" }]);
    await client.close();

    const events = await recordedIn(folder);
    expect(named(events, "mcp.connect").map(({ data }) => data.method)).toContain(method);
    const calls = events.filter(({ type }) => /^(tool.execute|approval)/.test(type));
    expect(calls.map(words)).toEqual([
      "tool.execute started pending read_file",
      "tool.execute completed ok read_file",
      "tool.execute started pending read_file",
      "tool.execute completed error read_file",
      "tool.execute started pending nope",
      "tool.execute completed error nope",
      "tool.execute started pending delete_all",
      expect.stringMatching(/^approval.request started pending/),
      expect.stringMatching(/^approval.decide completed ok/),
      "tool.execute completed ok delete_all",
    ]);
    expect(calls[5]?.data).toMatchObject({ error_code: -32602 });
    expect(new Set(calls.map(({ app }) => app))).toEqual(new Set(["second-agent"]));
    for (const end of named(events, "tool.execute", "completed")) {
      expect(named(events, "tool.execute", "started").map(({ id }) => id)).toContain(end.startId);
    }
  });
});
