import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

/** A server of the generation with a handshake, on standard input and output. */
const server = new McpServer({ name: "first-files", version: "1.0.0" });

server.registerTool(
  "read_file",
  { description: "Reads a file.", inputSchema: { path: z.string() } },
  async ({ path }, { sendNotification, _meta }) => {
    const progressToken = _meta?.progressToken;
    if (progressToken !== undefined) {
      const params = { progressToken, progress: 1, total: 2, message: "half" };
      await sendNotification({ method: "notifications/progress", params });
    }
    if (path === "/secret")
      return { isError: true, content: [{ type: "text", text: "EACCES: permission denied" }] };
    return { content: [{ type: "text", text: `hello ${path}` }] };
  },
);

server.registerTool("delete_all", { description: "Deletes everything." }, async () => {
  const { action } = await server.server.elicitInput({
    message: "Delete everything?",
    requestedSchema: { type: "object", properties: { sure: { type: "boolean" } } },
  });
  return { content: [{ type: "text", text: action }] };
});

server.registerTool("summarize", { description: "Asks the client's model." }, async () => {
  const { model } = await server.server.createMessage({
    messages: [{ role: "user", content: { type: "text", text: "Summarize." } }],
    maxTokens: 10,
  });
  return { content: [{ type: "text", text: model }] };
});

server.registerTool("grow", { description: "Adds a tool." }, async () => {
  server.registerTool("new_tool", { description: "Was not there before." }, async () => ({ content: [] }));
  return { content: [] };
});

server.registerTool("crash", { description: "Ends the server in mid-call." }, async () => process.exit(3));

server.registerResource("config", "file:///config.json", {}, async ({ href }) => ({
  contents: [{ uri: href, text: "{}" }],
}));

server.registerPrompt("greet", { argsSchema: { name: z.string() } }, ({ name }) => ({
  messages: [{ role: "user", content: { type: "text", text: `Hello ${name}` } }],
}));

await server.connect(new StdioServerTransport());
