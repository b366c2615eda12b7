import { getRequestListener } from "@hono/node-server";
import {
  Client as SecondClient,
  StreamableHTTPClientTransport as SecondTransport,
} from "@modelcontextprotocol/client";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as FirstTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { describe, expect, it } from "vitest";
import { named, words } from "../cli/mcp/recording.ts";
import { makeServer } from "../cli/mcp/servers/second-generation.ts";
import { atEnd, proxyBefore, serve } from "./http-stage.ts";

/** A server of the first generation, with sessions; it asks before it deletes. */
async function firstServer(): Promise<URL> {
  const server = new McpServer({ name: "first-files", version: "1.0.0" });
  server.registerTool("delete_all", { description: "Deletes everything." }, async () => {
    const { action } = await server.server.elicitInput({
      message: "Delete everything?",
      requestedSchema: { type: "object", properties: {} },
    });
    return { content: [{ type: "text", text: action }] };
  });
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => "session-1" });
  await server.connect(transport as Parameters<typeof server.connect>[0]);
  atEnd(() => server.close());
  return serve((incoming, outgoing) => void transport.handleRequest(incoming, outgoing));
}

describe("the SDKs over HTTP, with the proxy between them", () => {
  it("the first one, in a session: questions and answers by different requests are joined", async () => {
    const { url, events } = await proxyBefore(await firstServer());
    const client = new FirstClient(
      { name: "first-agent", version: "0.1" },
      { capabilities: { elicitation: {} } },
    );
    client.setRequestHandler(ElicitRequestSchema, async () => ({ action: "accept", content: {} }));
    const transport = new FirstTransport(url);
    await client.connect(transport as Parameters<typeof client.connect>[0]);
    await client.listTools();
    const { content } = await client.callTool({ name: "delete_all", arguments: {} });
    expect(content).toEqual([{ type: "text", text: "accept" }]);
    await transport.terminateSession();
    await client.close();
    await expect.poll(async () => (await events()).map(words)).toContain("mcp.disconnect ok");
    expect(named(await events(), "tool.defined").map(({ tool }) => tool)).toEqual(["delete_all"]);
    const told = (await events()).filter(({ type }) => type !== "tool.defined");
    expect(told.map(words)).toEqual([
      "mcp.connect ok",
      "tool.execute started pending delete_all",
      "approval.request started pending",
      "approval.decide completed ok",
      "tool.execute completed ok delete_all",
      "mcp.disconnect ok",
    ]);
    for (const event of told) {
      expect(event).toMatchObject({ app: "first-agent", conversationId: "session-1" });
    }
    const [question] = named(told, "approval.request");
    expect(question?.parentId).toBe(named(told, "tool.execute", "started")[0]?.id);
    expect(named(told, "approval.decide")[0]?.startId).toBe(question?.id);
  });

  it.each([
    ["auto", "server/discover"],
    ["legacy", "initialize"],
  ] as const)("the second one, without a session, negotiating %s", async (mode, method) => {
    const handler = createMcpHandler(makeServer);
    atEnd(() => handler.close());
    const listener = getRequestListener((asked) => handler.fetch(asked), { overrideGlobalObjects: false });
    const { url, events } = await proxyBefore(await serve((...pair) => void listener(...pair)));
    const client = new SecondClient(
      { name: "second-agent", version: "2" },
      { versionNegotiation: { mode }, capabilities: { elicitation: {} } },
    );
    client.setRequestHandler("elicitation/create", async () => ({
      action: "accept",
      content: { sure: true },
    }));
    await client.connect(new SecondTransport(url));
    await client.listTools();
    const call = (name: string, args: Record<string, unknown> = {}) =>
      client.callTool({ name, arguments: args });
    expect((await call("read_file", { path: "/a" })).content).toEqual([{ type: "text", text: "hello /a" }]);
    expect((await call("read_file", { path: "/secret" })).isError).toBe(true);
    await expect(call("nope")).rejects.toThrow(/nope/);
    if (mode === "auto") {
      expect((await call("delete_all")).content).toEqual([{ type: "text", text: "deleted" }]);
    }
    await client.close();

    const told = await events();
    expect(named(told, "mcp.connect").map(({ data }) => data.method)).toContain(method);
    expect(named(told, "mcp.unmatched")).toEqual([]);
    expect(named(told, "mcp.mismatch")).toEqual([]);
    const calls = told.filter(({ type }) => /^(tool.execute|approval)/.test(type)).map(words);
    expect(calls).toEqual([
      "tool.execute started pending read_file",
      "tool.execute completed ok read_file",
      "tool.execute started pending read_file",
      "tool.execute completed error read_file",
      "tool.execute started pending nope",
      "tool.execute completed error nope",
      ...(mode === "auto"
        ? [
            "tool.execute started pending delete_all",
            "approval.request started pending delete_all",
            "approval.decide completed ok delete_all",
            "tool.execute completed ok delete_all",
          ]
        : []),
    ]);
    const ends = named(told, "tool.execute", "completed");
    const starts = named(told, "tool.execute", "started").map(({ id }) => id);
    expect(ends.map(({ startId }) => startId)).toEqual(starts);
  });
});
