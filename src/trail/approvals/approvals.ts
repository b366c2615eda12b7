import type { KeyObject } from "node:crypto";
import { type Micros, nowMicros } from "../../base/clock.ts";
import { TrailError } from "../../base/error.ts";
import type { JsonObject, JsonValue } from "../../base/json.ts";
import { isUuid, uuidv7 } from "../../base/uuid.ts";
import type { Actor, AuditEvent, EventDraft } from "../../event/event.ts";
import { callDigest } from "../../event/fingerprint.ts";
import { surroundings } from "../../event/surroundings.ts";
import type { Store } from "../../store/store.ts";
import { APPROVAL_EVENTS, type ApprovalRule } from "../../view/approvals.ts";
import type { CallDraft, Tools } from "../calls/tools.ts";
import { raiseViolations } from "./raise.ts";
import { type DecisionSignature, judgeDecision, signDecision } from "./statement.ts";

/** What is to be approved: one call of one tool with exactly these arguments. */
export interface ApprovalRequest
  extends Omit<EventDraft, "type" | "phase" | "status" | "startId" | "data" | "category"> {
  tool: string;
  args: unknown;
  /** Why it needs somebody's word. */
  reason?: string;
  /** Milliseconds from now after which it may not be executed any more. */
  expiresInMs?: number;
}

export interface Decision {
  decision: "approved" | "denied";
  /** Who decides. */
  by: Actor;
  reason?: string;
  /** Approved with changes: what may be executed instead. */
  args?: unknown;
  /** An Ed25519 key; the decision is signed with it. */
  signWith?: KeyObject;
  /** A signature that was made elsewhere. Refused where it does not fit. */
  signature?: DecisionSignature;
}

/** An approval as it stands: asked, decided, executed. */
export interface Approval {
  readonly id: string;
  readonly environment: string;
  readonly tool: string | null;
  readonly agent: string | null;
  readonly runId: string | null;
  readonly conversationId: string | null;
  readonly callId: string | null;
  readonly state: "pending" | "approved" | "denied";
  readonly askedAt: Micros;
  readonly askedBy: string | null;
  /** The event that asked; null where only a decision is known. */
  readonly requestId: string | null;
  readonly args: JsonValue | null;
  readonly expiresAt: Micros | null;
  readonly decidedAt: Micros | null;
  readonly decidedBy: string | null;
  readonly decisionId: string | null;
  readonly reason: string | null;
  /** Null: not signed. */
  readonly signature: { readonly key: string | null; readonly isValid: boolean } | null;
  /** A later decision said otherwise; the first one counts. */
  readonly contested: boolean;
  /** Tool calls that were executed under it; `matches` is null where a call does not tell its arguments. */
  readonly executions: ReadonlyArray<{ event: string; seq: number; matches: boolean | null }>;
  readonly violations: ReadonlyArray<{ rule: ApprovalRule; event: string; seq: number }>;
}

export interface ApprovalQuery {
  state?: Approval["state"];
  /** Only those that an execution broke. */
  violated?: boolean;
  /** Newest first; 1 to 1000, default 50. */
  limit?: number;
  offset?: number;
}

/** Approvals, each bound to exact arguments. Everything is an event; what stands here is folded from them. */
export interface Approvals {
  /** Asks, and returns the approval's id at once. */
  request(request: ApprovalRequest): string;
  /** Decides, once. Rejects with `approval.not_found`, `approval.decided` or `approval.expired`. */
  decide(id: string, decision: Decision): Promise<Approval>;
  /** Resolves when it is decided, or with the pending one after `timeoutMs` (default: never). */
  wait(id: string, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<Approval>;
  /**
   * Records that the call begins, under the approval. What breaks it is returned, and is an event
   * `approval.violated` in the trail. An agent that must not break it looks at `broken` before it acts.
   */
  start(id: string, call: CallDraft): Promise<{ callId: string; broken: readonly ApprovalRule[] }>;
  get(id: string): Promise<Approval | null>;
  list(query?: ApprovalQuery): Promise<{ approvals: Approval[]; total: number }>;
}

export interface ApprovalsGround {
  record(draft: EventDraft): string;
  recordDurably(draft: EventDraft): Promise<unknown>;
  flush(): Promise<unknown>;
  open(): Promise<Store>;
  readonly tenant: string;
}

const VIEW = "approvals";

export function createApprovals(ground: ApprovalsGround, tools: Pick<Tools, "start">): Approvals {
  const find = async (id: string): Promise<Approval | null> => {
    const store = await ground.open();
    const row = await store.row(ground.tenant, VIEW, id);
    return row === null ? null : toApproval(store, ground.tenant, row.doc);
  };
  const known = async (id: string): Promise<Approval> => {
    const approval = await find(id);
    if (approval !== null) return approval;
    throw new TrailError("approval.not_found", "There is no approval with this id.", { field: "id" });
  };

  return {
    request: (request) => requestOf(ground, request),
    get: find,

    async decide(id, decision) {
      await ground.flush();
      const approval = await known(id);
      refuseLate(approval);
      await ground.recordDurably(decisionDraft(approval, decision));
      return known(id);
    },

    async wait(id, { timeoutMs, signal } = {}) {
      await ground.flush();
      return waitFor(await ground.open(), () => known(id), timeoutMs, signal);
    },

    async start(id, { args, ...call }) {
      const callId = tools.start({ ...call, args, approvalId: id });
      await ground.flush();
      const store = await ground.open();
      const approval = await known(id);
      const broken = approval.violations.filter(({ event }) => event === callId).map(({ rule }) => rule);
      if (broken.length > 0) await raiseViolations(store, ground.tenant, ground.recordDurably);
      return { callId, broken };
    },

    async list({ state, violated = false, limit = 50, offset = 0 } = {}) {
      const store = await ground.open();
      const group = violated ? "violated" : state === undefined ? "all" : `state=${state}`;
      const page = await store.rows({
        tenant: ground.tenant,
        view: VIEW,
        group,
        direction: "desc",
        limit,
        offset,
        total: true,
      });
      const rows = new Map(page.rows.map(({ key, doc }) => [key, doc]));
      const found = [...rows.values()].map((doc) => toApproval(store, ground.tenant, doc));
      return { approvals: await Promise.all(found), total: page.total ?? 0 };
    },
  };
}

function requestOf(ground: ApprovalsGround, request: ApprovalRequest): string {
  const { args, reason, expiresInMs, ...fields } = { ...surroundings(), ...request };
  const id = fields.id && isUuid(fields.id) ? fields.id.toLowerCase() : uuidv7();
  ground.record({
    summary: `${fields.tool} asks for approval`,
    ...fields,
    id,
    type: APPROVAL_EVENTS.request,
    category: "approval",
    status: "pending",
    data: {
      approval_id: id,
      arguments: args ?? null,
      ...(reason === undefined ? {} : { reason }),
      ...(expiresInMs === undefined ? {} : { expires_at: nowMicros() + Math.round(expiresInMs * 1_000) }),
    },
  });
  return id;
}

function refuseLate({ state, expiresAt, decidedBy }: Approval): void {
  if (state !== "pending") {
    throw new TrailError("approval.decided", `It is ${state} already, by ${decidedBy ?? "somebody"}.`, {
      fix: "The first decision counts; ask again for another one.",
    });
  }
  if (expiresAt === null || nowMicros() <= expiresAt) return;
  throw new TrailError("approval.expired", "The time to decide is over.", { fix: "Ask again." });
}

function decisionDraft(approval: Approval, given: Decision): EventDraft {
  const { decision, by, reason = "", args, signWith } = given;
  if (decision !== "approved" && decision !== "denied")
    throw new TrailError("event.invalid", "decision must be approved or denied.", { field: "decision" });
  const statement = statementOf(approval, { decision, by: by.id ?? "", reason, args });
  const signature = signWith === undefined ? given.signature : signDecision(statement, signWith);
  if (signature !== undefined && judgeDecision(statement, { ...signature }) !== true)
    throw new TrailError("event.invalid", "signature does not fit the decision.", { field: "signature" });
  return {
    type: APPROVAL_EVENTS.decide,
    category: "approval",
    status: decision === "approved" ? "ok" : "denied",
    severity: decision === "approved" ? "INFO" : "WARN",
    environment: approval.environment,
    actor: by,
    agent: approval.agent,
    runId: approval.runId,
    conversationId: approval.conversationId,
    callId: approval.callId,
    tool: approval.tool,
    parentId: approval.requestId,
    summary: `${approval.tool ?? "a call"} is ${decision}`,
    data: {
      approval_id: approval.id,
      decision,
      reason,
      ...(args === undefined ? {} : { arguments: args }),
      ...(signature === undefined ? {} : { signature }),
    },
  };
}

function statementOf(
  { id, tool, args: asked }: Pick<Approval, "id" | "tool" | "args">,
  {
    decision,
    by,
    reason,
    args,
  }: { decision: "approved" | "denied"; by: string; reason: string; args: unknown },
) {
  const bound = (args ?? asked) as JsonValue;
  return { approvalId: id, digest: bound === null ? "" : callDigest(tool, bound), decision, by, reason };
}

async function toApproval(store: Store, tenant: string, doc: JsonObject): Promise<Approval> {
  const event = (id: JsonValue | undefined): Promise<AuditEvent | null> =>
    typeof id === "string" ? store.get(tenant, id) : Promise.resolve(null);
  const [request, decided] = await Promise.all([event(doc.request), event(doc.decision)]);
  const args = request?.data.arguments ?? decided?.data.arguments ?? null;
  return {
    ...(doc as unknown as Approval),
    askedAt: doc.at as Micros,
    askedBy: (doc.askedBy ?? null) as string | null,
    requestId: doc.request as string | null,
    args,
    decidedAt: (doc.decidedAt ?? null) as Micros | null,
    decidedBy: (doc.decidedBy ?? null) as string | null,
    decisionId: (doc.decision ?? null) as string | null,
    reason: (doc.reason ?? null) as string | null,
    signature: decided === null ? null : signatureOf(doc, request, decided),
  };
}

function signatureOf(
  doc: JsonObject,
  request: AuditEvent | null,
  decided: AuditEvent,
): Approval["signature"] {
  const { data, status, actor } = decided;
  const decision = status === "denied" ? "denied" : "approved";
  const asked = {
    id: String(doc.id),
    tool: doc.tool as string | null,
    args: request?.data.arguments ?? null,
  };
  const reason = typeof data.reason === "string" ? data.reason : "";
  const statement = statementOf(asked, { decision, by: actor.id ?? "", reason, args: data.arguments });
  const isValid = judgeDecision(statement, data.signature);
  if (isValid === null) return null;
  const { key } = data.signature as { key?: unknown };
  return { key: typeof key === "string" ? key : null, isValid };
}

async function waitFor(
  store: Store,
  look: () => Promise<Approval>,
  timeoutMs: number | undefined,
  signal: AbortSignal | undefined,
): Promise<Approval> {
  const signals = [signal, timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)];
  const ended = AbortSignal.any(signals.filter((one) => one !== undefined));
  let wake = Promise.withResolvers<void>();
  const ring = (): void => wake.resolve();
  const unwatch = store.watch(ring);
  ended.addEventListener("abort", ring);
  try {
    for (;;) {
      wake = Promise.withResolvers<void>();
      const approval = await look();
      if (approval.state !== "pending" || ended.aborted) return approval;
      await wake.promise;
    }
  } finally {
    unwatch();
    ended.removeEventListener("abort", ring);
  }
}
