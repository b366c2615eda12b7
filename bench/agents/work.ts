/** One round of an agent that asks its model, calls one tool, and asks again; or of one call over MCP. */
export type Work = () => Promise<unknown>;

export const RESULT = { order: 42, lines: ["shirt", "shoes", "hat"], state: "back from the depot" };
export const ARGS = { order: 42, reason: "The parcel came back before the second attempt." };
export const ANSWER = "The order was refunded because the parcel came back from the depot.";
