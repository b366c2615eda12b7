import { acceptedContent, inputRequired, McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";

const sure = z.object({ sure: z.boolean() });

/** A server of both generations: without a state of its own where the client knows how. */
export function makeServer(): McpServer {
  const server = new McpServer({ name: "second-files", version: "2.0.0" });
  server.registerTool(
    "read_file",
    { description: "Reads a file.", inputSchema: z.object({ path: z.string() }) },
    async ({ path }) =>
      path === "/secret"
        ? { isError: true, content: [{ type: "text", text: "EACCES: permission denied" }] }
        : { content: [{ type: "text", text: `hello ${path}` }] },
  );
  server.registerTool(
    "delete_all",
    { description: "Deletes everything.", inputSchema: z.object({}) },
    async (_, context) => {
      const answer = await acceptedContent(context.mcpReq.inputResponses, "sure", sure);
      if (context.mcpReq.inputResponses === undefined) {
        const asked = inputRequired.elicit({ message: "Delete everything?", requestedSchema: sure });
        return inputRequired({ inputRequests: { sure: asked } });
      }
      return { content: [{ type: "text", text: answer?.sure === true ? "deleted" : "kept" }] };
    },
  );
  return server;
}

if (process.argv[2] === "stdio") serveStdio(makeServer);
