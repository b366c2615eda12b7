import { Client as ClientV2 } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import {
  InMemoryTransport as InMemoryTransportV2,
  McpServer as McpServerV2,
} from "@modelcontextprotocol/server";
import { recordTransport } from "../../src/integrations/mcp/index.ts";
import type { Target } from "../../src/integrations/recorder.ts";
import { ARGS, RESULT, type Work } from "./work.ts";

const SERVER = { name: "shop", version: "1.0.0" };
const CLIENT = { name: "desk", version: "1.0.0" };
const refund = async () => ({ content: [{ type: "text" as const, text: JSON.stringify(RESULT) }] });

export async function mcp1(trail?: Target): Promise<Work> {
  const server = new McpServer(SERVER);
  server.registerTool("refund", { description: "Refunds." }, refund);
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await server.connect(theirs);
  const client = new Client(CLIENT);
  await client.connect(trail === undefined ? ours : recordTransport(ours, trail));
  return () => client.callTool({ name: "refund", arguments: ARGS });
}

export async function mcp2(trail?: Target): Promise<Work> {
  const server = new McpServerV2(SERVER);
  server.registerTool("refund", { description: "Refunds." }, refund);
  const [ours, theirs] = InMemoryTransportV2.createLinkedPair();
  await server.connect(theirs);
  const client = new ClientV2(CLIENT);
  await client.connect(trail === undefined ? ours : recordTransport(ours, trail));
  return () => client.callTool({ name: "refund", arguments: ARGS });
}
