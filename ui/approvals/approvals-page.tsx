import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { type Approval, decide, fetchApprovals } from "../api/approvals.ts";
import { useAction } from "../parts/action.ts";
import { JsonTree } from "../parts/json-tree.tsx";
import { Pager } from "../parts/pager.tsx";
import { State, Status } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { approvalsRoute } from "../router.tsx";

const STATES = [
  ["", "All"],
  ["pending", "Waiting"],
  ["approved", "Approved"],
  ["denied", "Denied"],
  ["violated", "Broken"],
] as const;
const STATUS_OF = { pending: "pending", approved: "ok", denied: "denied" } as const;

/** What agents asked for: what waits, who decided, and whether what ran is what was allowed. */
export function ApprovalsPage() {
  const { state = "", page = 1 } = approvalsRoute.useSearch();
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery({
    queryKey: ["approvals", state, page],
    queryFn: () => fetchApprovals(state, page),
    refetchInterval: 3_000,
    placeholderData: (before) => before,
  });
  const go = (next: { state?: string; page?: number }): void =>
    void navigate({ to: "/approvals", search: { state, page, ...next } });
  return (
    <div className="page scrolls">
      <header className="pagehead">
        <h1>Approvals</h1>
        <span className="spacer" />
        <fieldset className="spans">
          <legend className="visually-hidden">State</legend>
          {STATES.map(([name, words]) => (
            <button
              key={name}
              type="button"
              className="button"
              aria-pressed={name === state}
              onClick={() => go({ state: name, page: 1 })}
            >
              {words}
            </button>
          ))}
        </fieldset>
      </header>
      {data === undefined ? (
        <State error={error}>Loading …</State>
      ) : data.approvals.length === 0 ? (
        <State>
          <h2>No approvals{state === "" ? " yet" : " match"}</h2>
          <p>
            Agents ask with <code>{"trail.approvals.request({ tool, args })"}</code>, or by the hooks of
            coding agents.
          </p>
        </State>
      ) : (
        <ol className="approvals">
          {data.approvals.map((approval) => (
            <Card key={approval.id} approval={approval} onDecided={() => void refetch()} />
          ))}
        </ol>
      )}
      <Pager name="approvals" page={page} isLast={data?.more !== true} go={(to) => go({ page: to })} />
    </div>
  );
}

interface CardProps {
  approval: Approval;
  onDecided(): void;
}

function Card({ approval: { id, attributes: approval }, onDecided }: CardProps) {
  return (
    <li>
      <h2>
        <Status status={STATUS_OF[approval.state]} says={approval.state} /> {approval.tool ?? "a tool"}
      </h2>
      <p className="soft">
        Asked <Time at={approval.asked_at} /> by {approval.asked_by ?? approval.agent ?? "nobody named"}
        {approval.run_id === null ? null : (
          <>
            {" in "}
            <Link to="/runs/$id" params={{ id: approval.run_id }} search={{}}>
              {approval.run_id}
            </Link>
          </>
        )}
        {approval.expires_at === null ? null : (
          <>
            , until <Time at={approval.expires_at} />
          </>
        )}
      </p>
      {approval.arguments === null ? (
        <p className="soft">The arguments were not told.</p>
      ) : (
        <JsonTree value={approval.arguments} />
      )}
      <Timeline approval={approval} />
      {approval.state === "pending" ? <Decide id={id} tool={approval.tool} onDecided={onDecided} /> : null}
    </li>
  );
}

/** What followed, in order: the decision, what ran under it, and what broke it. */
function Timeline({ approval }: { approval: Approval["attributes"] }) {
  const { decided_at: at, signature, executions, violations } = approval;
  return (
    <ul className="timeline">
      {at === null ? null : (
        <li>
          {approval.state} <Time at={at} /> by <b>{approval.decided_by ?? "nobody named"}</b>
          {approval.reason === null || approval.reason === "" ? "" : `: ${approval.reason}`}
          {signature === null ? null : (
            <>
              {" "}
              <Status
                status={signature.isValid ? "ok" : "error"}
                says={signature.isValid ? "signed" : "the signature does not fit"}
              />
            </>
          )}
          {approval.contested ? <span className="bad"> A later decision said otherwise.</span> : null}
        </li>
      )}
      {executions.map(({ event, seq, matches }) => (
        <li key={seq}>
          <Link to="/events/$id" params={{ id: event }} search={{}}>
            executed
          </Link>{" "}
          {matches === null ? (
            <span className="soft">with arguments that were not told</span>
          ) : (
            <Status
              status={matches ? "ok" : "error"}
              says={matches ? "with exactly these arguments" : "with other arguments"}
            />
          )}
        </li>
      ))}
      {violations.map(({ rule, event, seq }) => (
        <li key={`${rule} ${seq}`}>
          <Status status="error" says={`broken: ${rule.replaceAll("_", " ")}`} />{" "}
          <Link to="/events/$id" params={{ id: event }} search={{}}>
            event
          </Link>
        </li>
      ))}
    </ul>
  );
}

interface DecideProps {
  id: string;
  tool: string | null;
  onDecided(): void;
}

function Decide({ id, tool, onDecided }: DecideProps) {
  const [reason, setReason] = useState("");
  const { trouble, run } = useAction();
  const say = (decision: "approved" | "denied"): void =>
    void run(async () => {
      await decide(id, { decision, reason });
      onDecided();
    });
  return (
    <p className="actions">
      <input
        className="field"
        aria-label={`Reason for ${tool ?? id}`}
        placeholder="Reason"
        value={reason}
        onChange={({ target }) => setReason(target.value)}
      />
      <button type="button" className="button primary" onClick={() => say("approved")}>
        Approve
      </button>
      <button type="button" className="button" onClick={() => say("denied")}>
        Deny
      </button>
      {trouble === "" ? null : (
        <span className="bad" role="alert">
          {trouble}
        </span>
      )}
    </p>
  );
}
