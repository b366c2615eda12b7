import type { Command } from "../command.ts";

export const serve: Command = {
  name: "serve",
  summary: "Serve the trail: the page, the API, and the doors for events.",
  examples: ["daybook serve", "daybook serve --port 8080 --db /var/lib/daybook/daybook.db"],
  async run() {
    return 1;
  },
};
