import { firstText } from "../values.ts";
import { ALIASES, usageOf } from "./aliases.ts";
import { type Setting, settingOf, sharesIds, subAgentOf } from "./fields.ts";
import { ids } from "./ids.ts";
import type { Span } from "./model.ts";
import { isToldByLogs, type Operation, operationOf } from "./operations.ts";

/** A span with what the rest of its batch tells about it. */
export interface Node {
  readonly span: Span;
  operation: Operation | undefined;
  readonly toldByLogs: boolean;
  readonly parent: Node | undefined;
  readonly children: Node[];
  /** What it says itself, and where it says nothing, what the spans around it say. */
  setting: Setting;
  /** The nearest span around it that gives an event. */
  keptAbove: Node | undefined;
  /** The parent's id of the outermost span around it here: what is beyond is in no batch or another. */
  beyond: string;
  /** The nearest span around it that is more than a step. */
  owner: Node | undefined;
  /** A model's span around the spans of its calls. */
  isAround: boolean;
}

type Building = Node & { parent: Node | undefined };

const keyOf = (traceId: string, spanId: string): string => `${traceId}/${spanId}`;

/**
 * The spans of a batch, parents before their children. Parents may be missing, and hostile ones may
 * be their own ancestors: a circle is cut open. Linear, however deep it nests.
 */
export function spanTree(spans: readonly Span[]): Node[] {
  const nodes = new Map<string, Building>();
  for (const span of spans) {
    nodes.set(keyOf(span.traceId, span.spanId), {
      span,
      operation: operationIn(span),
      toldByLogs: isToldByLogs(span),
      parent: undefined,
      children: [],
      setting: {},
      keptAbove: undefined,
      beyond: span.parentSpanId,
      owner: undefined,
      isAround: false,
    });
  }
  const roots: Building[] = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(keyOf(node.span.traceId, node.span.parentSpanId));
    node.parent = parent;
    if (parent === undefined) roots.push(node);
    else parent.children.push(node);
  }
  const ordered: Node[] = [];
  const seen = new Set<Node>();
  const visit = (root: Building): void => {
    const queue: Building[] = [root];
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      settle(at);
      ordered.push(at);
      for (const child of at.children) queue.push(child as Building);
    }
  };
  for (const root of roots) visit(root);
  for (const node of nodes.values()) {
    if (seen.has(node)) continue;
    node.parent = undefined;
    node.beyond = "";
    visit(node);
  }
  for (const node of ordered) markRepeated(node);
  return ordered;
}

function settle(node: Node): void {
  const { parent } = node;
  const { attributes, scope } = node.span;
  const subAgent = subAgentOf(scope, attributes);
  node.setting = {
    ...settingOf(attributes, parent?.setting),
    ...agentNamed(node.span),
    ...(subAgent === undefined ? {} : { run: subAgent }),
  };
  if (parent === undefined) return;
  node.beyond = parent.beyond;
  node.keptAbove = isKept(parent) ? parent : parent.keptAbove;
  const isStep =
    parent.operation === undefined || parent.operation === "step" || parent.operation === "folded";
  node.owner = isStep ? parent.owner : parent;
  if (isCallAgain(node)) node.operation = "mcp";
}

/** What a span is by its own words; what is around it may make another thing of it. */
export function operationIn(span: Span): Operation | undefined {
  return isOuterChain(span) ? "workflow" : operationOf(span);
}

/** Tracers that know only chains: the one that nothing is around is a run, as LangSmith's own door has it. */
function isOuterChain({ attributes, parentSpanId }: Span): boolean {
  const kind = firstText(attributes, ["langsmith.span.kind", "openinference.span.kind"]);
  return parentSpanId === "" && kind?.toLowerCase() === "chain";
}

/** Langfuse has no attribute for an agent's name: its observation is called as the agent is. */
function agentNamed({ attributes, name }: Span): Setting {
  return firstText(attributes, ["langfuse.observation.type"]) === "agent" && name !== ""
    ? { agent: firstText(attributes, ALIASES.agent) ?? name }
    : {};
}

/**
 * A call of an MCP tool is told by the agent that executes it, by the client that sends it and by the server
 * that answers (semantic conventions for MCP): the outermost is the call, the others are its requests.
 */
function isCallAgain({ operation, span, owner }: Node): boolean {
  if (operation !== "tool" || firstText(span.attributes, ["mcp.method.name"]) !== "tools/call") return false;
  if (owner?.operation !== "tool" && owner?.operation !== "mcp") return false;
  const tool = firstText(span.attributes, ALIASES.tool);
  return tool === undefined || tool === firstText(owner.span.attributes, ALIASES.tool);
}

/**
 * A model span around other model spans tells their call again, as a wrapper of the framework's or by a second
 * instrumentation, and adds their tokens up: the innermost ones are the calls, it is a step around them.
 */
function markRepeated({ span, operation, owner }: Node): void {
  const isModel = operation === "llm" || operation === "embedding";
  if (!isModel || owner?.operation !== operation) return;
  // Where only the one around it counts tokens, they stay where they are.
  if (usageOf(span.attributes) !== undefined || usageOf(owner.span.attributes) === undefined)
    owner.isAround = true;
}

/** Does a span become an event? An error inside an agent's operation does, whatever span it is on. */
export function isKept({ span, operation, toldByLogs, owner }: Node): boolean {
  if (toldByLogs || operation === "folded") return false;
  return operation !== undefined || (span.statusCode === 2 && owner !== undefined);
}

/** The id of the event of the nearest span around one that gives an event. */
export function parentIdOf(node: Node): string | undefined {
  if (node.keptAbove !== undefined) return anchorOf(node.keptAbove);
  return node.beyond === "" ? undefined : ids.anchor(node.span.traceId, node.beyond);
}

/** The id of the event by which a span is named. */
export function anchorOf(node: Node): string {
  const { span, operation } = node;
  if (sharesIds(span.scope)) {
    const session = sessionOf(span);
    const callId = firstText(span.attributes, ALIASES.callId);
    if (operation === "tool" && callId !== undefined) return ids.call(session, callId, "started");
    const requestId = firstText(span.attributes, ["request_id"]);
    if (operation === "llm" && requestId !== undefined) return ids.request(session, requestId);
  }
  return ids.anchor(span.traceId, span.spanId);
}

export function sessionOf({ attributes, traceId }: Pick<Span, "attributes" | "traceId">): string {
  return firstText(attributes, ["session.id"]) ?? traceId;
}
