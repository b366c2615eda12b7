import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Client as ClientV2, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import {
  createMcpHandler,
  InMemoryTransport as InMemoryTransportV2,
  McpServer as McpServerV2,
} from "@modelcontextprotocol/server";
import { describe, expect, it } from "vitest";
import type { Trail } from "../../src/index.ts";
import { recordMcp, recordTransport } from "../../src/integrations/mcp/index.ts";
import { eventsOf, line, linesOf, memoryTrail, refusing } from "./told.ts";

/** A server of version 1 with a tool that works, one that fails, and one that asks first. */
function serverOf(trail?: Trail): McpServer {
  const server = new McpServer({ name: "files", version: "1.0.0" });
  const lookup = trail?.tools.wrap("lookup", async () => 1);
  server.registerTool("read", { description: "Reads." }, async () => {
    await lookup?.();
    return { content: [{ type: "text", text: "hello" }] };
  });
  server.registerTool("write", { description: "Writes." }, async () => {
    throw new Error("read-only");
  });
  server.registerTool("remove", { description: "Removes." }, async () => {
    const asked = await server.server.elicitInput({
      message: "Remove all?",
      requestedSchema: { type: "object", properties: { sure: { type: "boolean" } } },
    });
    return { content: [{ type: "text", text: asked.action }], isError: asked.action !== "accept" };
  });
  return server;
}

function clientOf(): Client {
  const client = new Client({ name: "desk", version: "2.0.0" }, { capabilities: { elicitation: {} } });
  client.setRequestHandler(ElicitRequestSchema, async () => ({ action: "decline" }));
  return client;
}

async function useAll(client: Client): Promise<void> {
  await client.callTool({ name: "read", arguments: {} });
  await client.callTool({ name: "write", arguments: {} });
  await client.callTool({ name: "remove", arguments: {} });
  await client.close();
}

const TOLD = [
  "mcp.connect  ·  ok  desk",
  "tool.execute  started  pending  desk  read",
  "tool.execute  completed  ok  desk  read",
  "tool.execute  started  pending  desk  write",
  "tool.execute  completed  error  desk  write  “read-only”",
  "tool.execute  started  pending  desk  remove",
  "approval.request  started  pending  desk",
  "approval.decide  completed  denied  desk  “denied (decline)”",
  "tool.execute  completed  error  desk  remove  “decline”",
  "mcp.disconnect  ·  ok  desk",
];

describe("a transport of the MCP SDK 1", () => {
  it("tells at the client what was asked, answered, refused and failed", async () => {
    const trail = memoryTrail();
    const [ours, theirs] = InMemoryTransport.createLinkedPair();
    await serverOf().connect(theirs);
    const client = clientOf();
    await client.connect(recordTransport(ours, trail));
    await useAll(client);
    const events = await eventsOf(trail);
    expect(events.map(line)).toEqual(TOLD);
    expect(events[2]).toMatchObject({
      startId: events[1]?.id,
      destination: "files",
      data: { result: { content: [{ type: "text", text: "hello" }] } },
    });
  });

  it("tells the same at the server, and nests what a tool does under its call", async () => {
    const trail = memoryTrail();
    const [ours, theirs] = InMemoryTransport.createLinkedPair();
    await serverOf(trail).connect(recordTransport(theirs, trail));
    const client = clientOf();
    await client.connect(ours);
    await useAll(client);
    const events = await eventsOf(trail);
    const lookups = events.filter(({ tool }) => tool === "lookup");
    expect(events.filter((event) => !lookups.includes(event)).map(line)).toEqual(TOLD);
    const read = events.find(({ tool }) => tool === "read");
    expect(lookups.map(({ parentId }) => parentId)).toEqual([read?.id, read?.id]);
  });

  it("tells a call in the run and under the call that made it, with its answer", async () => {
    const trail = memoryTrail();
    const [ours, theirs] = InMemoryTransport.createLinkedPair();
    await serverOf().connect(theirs);
    const client = clientOf();
    await client.connect(recordTransport(ours, trail));
    const run = trail.runs.begin({ agent: "clerk" });
    const outer = trail.tools.wrap("fetch", () => client.callTool({ name: "read", arguments: {} }));
    await run.within(() => outer());
    const events = await eventsOf(trail);
    const start = events.find(({ tool }) => tool === "fetch");
    expect(events.filter(({ tool }) => tool === "read")).toMatchObject([
      { parentId: start?.id, runId: run.id, agent: "clerk", phase: "started" },
      { parentId: start?.id, runId: run.id, agent: "clerk", phase: "completed" },
    ]);
    await client.close();
  });

  it("tells over HTTP, with the session", async () => {
    const trail = memoryTrail();
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => randomUUID() });
    await serverOf().connect(recordTransport(transport, trail));
    const listener = createServer((request, response) => void transport.handleRequest(request, response));
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    const { port } = listener.address() as AddressInfo;
    const client = new ClientV2({ name: "desk", version: "2.0.0" });
    await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
    await client.callTool({ name: "read", arguments: {} });
    await client.close();
    listener.closeAllConnections();
    listener.close();
    const [connected, started, completed] = await eventsOf(trail);
    expect(line(connected as never)).toBe("mcp.connect  ·  ok  desk");
    expect([started, completed]).toMatchObject([
      { tool: "read", phase: "started", conversationId: transport.sessionId },
      { tool: "read", phase: "completed", status: "ok" },
    ]);
  });

  it("fails what waits when the other side dies", async () => {
    const trail = memoryTrail();
    const program = `
      process.stdin.on("data", (text) => {
        for (const line of String(text).trim().split("\\n")) {
          const { id, method, params } = JSON.parse(line);
          if (method === "tools/call") process.exit(3);
          if (method === "initialize") console.log(JSON.stringify({ jsonrpc: "2.0", id, result: {
            protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "frail", version: "1" } } }));
        }
      });`;
    const stdio = new StdioClientTransport({ command: process.execPath, args: ["-e", program] });
    const client = clientOf();
    await client.connect(recordTransport(stdio, trail));
    await expect(client.callTool({ name: "read", arguments: {} })).rejects.toThrow();
    expect(await linesOf(trail)).toEqual([
      "mcp.connect  ·  ok  desk",
      "tool.execute  started  pending  desk  read",
      "tool.execute  completed  error  desk  read  “the connection was closed”",
      "mcp.disconnect  ·  ok  desk",
    ]);
  });

  it("leaves the connection alone, whatever becomes of the record, and records once", async () => {
    const trail = memoryTrail();
    const [ours, theirs] = InMemoryTransport.createLinkedPair();
    await serverOf().connect(recordTransport(theirs, refusing));
    const seen: unknown[] = [];
    ours.onmessage = (message) => seen.push(message);
    const client = clientOf();
    await client.connect(recordTransport(recordTransport(ours, trail), trail));
    const { content } = await client.callTool({ name: "read", arguments: {} });
    expect(content).toEqual([{ type: "text", text: "hello" }]);
    expect(seen).toHaveLength(2);
    expect((await linesOf(trail)).filter((each) => each.startsWith("tool"))).toHaveLength(2);
    await client.close();
  });
});

describe("a transport of the MCP SDK 2", () => {
  it("tells the calls of the generation without a handshake, and each definition once", async () => {
    const trail = memoryTrail();
    const server = new McpServerV2({ name: "files", version: "2.0.0" });
    server.registerTool("read", { description: "Reads." }, async () => ({
      content: [{ type: "text", text: "hello" }],
    }));
    const [ours, theirs] = InMemoryTransportV2.createLinkedPair();
    await server.connect(theirs);
    const client = new ClientV2({ name: "desk", version: "2.0.0" });
    await client.connect(recordTransport(ours, trail, { server: "files on the disk" }));
    await client.listTools();
    await client.callTool({ name: "read", arguments: {} });
    await expect(client.callTool({ name: "unheard", arguments: {} })).rejects.toThrow();
    await client.close();
    const events = await eventsOf(trail);
    expect(events.map(line).filter((each) => !each.startsWith("mcp"))).toEqual([
      "tool.defined  ·  desk  read",
      "tool.execute  started  pending  desk  read",
      "tool.execute  completed  ok  desk  read",
      "tool.execute  started  pending  desk  unheard",
      expect.stringMatching(/^tool\.execute {2}completed {2}error {2}desk {2}unheard {2}“/),
    ]);
    expect(events.find(({ tool }) => tool === "read")?.source).toBe("mcp:files on the disk");
  });

  it.each(["auto", "legacy"] as const)(
    "tells of a server that has a transport for each exchange, mode %s",
    async (mode) => {
      const trail = memoryTrail();
      const lookup = trail.tools.wrap("lookup", async () => 1);
      const handler = createMcpHandler(() => {
        const server = new McpServerV2({ name: "files", version: "2.0.0" });
        server.registerTool("read", { description: "Reads." }, async () => {
          await lookup();
          return { content: [{ type: "text", text: "hello" }] };
        });
        return recordMcp(server, trail, { server: "files" });
      });
      const client = new ClientV2({ name: "desk", version: "2.0.0" }, { versionNegotiation: { mode } });
      const fetch = (url: string | URL, init?: RequestInit) => handler.fetch(new Request(url, init));
      await client.connect(new StreamableHTTPClientTransport(new URL("http://files.test/mcp"), { fetch }));
      await client.listTools();
      await client.listTools();
      for (let i = 0; i < 2; i++) await client.callTool({ name: "read", arguments: {} });
      await client.close();
      const events = await eventsOf(trail);
      const told = events.filter(({ category, type }) => category === "tool_call" || type === "tool.defined");
      const [defined, started, inner, , completed] = told;
      expect(told).toHaveLength(9);
      expect([defined?.type, started?.tool, completed?.tool, completed?.status]).toEqual([
        "tool.defined",
        "read",
        "read",
        "ok",
      ]);
      expect(inner).toMatchObject({ tool: "lookup", parentId: started?.id });
      expect(completed).toMatchObject({ startId: started?.id, destination: "files" });
      expect(events.filter(({ type }) => type === "mcp.disconnect")).toEqual([]);
    },
  );
});
