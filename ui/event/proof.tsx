import { useState } from "react";
import { ApiError, get, type WireEvent } from "../api/events.ts";
import { keyHeaders, useApiKey } from "../api/key.ts";
import { Icon } from "../design/icons.tsx";
import { type Check, checkProof, type Proof } from "./check-proof.ts";

type Found = { checks: readonly Check[] } | { trouble: string };

/** The proof of an event, checked here and not by the server. */
export function ProofSection({ event }: { event: WireEvent }) {
  const [found, setFound] = useState<Found | null>(null);
  const path = `/api/v1/log/proof/inclusion?id=${encodeURIComponent(event.id)}`;
  const check = async (): Promise<void> => {
    try {
      const [proof, keys] = await Promise.all([
        get(path) as Promise<Proof>,
        get("/api/v1/log/keys") as Promise<{ data: ReadonlyArray<{ verifier: string; state: string }> }>,
      ]);
      const key = keys.data.find(({ state }) => state === "active")?.verifier ?? "";
      setFound({ checks: await checkProof(event, proof, key) });
    } catch (thrown) {
      const isKnown = thrown instanceof ApiError;
      setFound({ trouble: isKnown ? thrown.message : "This browser cannot check signatures (Ed25519)." });
    }
  };
  return (
    <section>
      <h3>Proof</h3>
      <div className="actions">
        <button type="button" className="button" onClick={() => void check()}>
          Check it in this browser
        </button>
        <Download path={`${path}&format=tlog-proof`} name={`${event.id}.tlog-proof`} />
      </div>
      <div aria-live="polite" data-testid="proof">
        {found === null ? null : "trouble" in found ? (
          <p className="failure">{found.trouble}</p>
        ) : (
          found.checks.map(({ holds, says }) => (
            <p key={says}>
              <span className={`status ${holds ? "ok" : "error"}`}>
                <Icon name={holds ? "ok" : "error"} />
                {says}
              </span>
            </p>
          ))
        )}
      </div>
    </section>
  );
}

/** A link; where a key is needed, which links do not carry, the page fetches and hands it over. */
function Download({ path, name }: { path: string; name: string }) {
  const { key } = useApiKey();
  const [href, setHref] = useState<string | null>(null);
  if (key === null || href !== null) {
    return (
      <a className="button" href={href ?? path} download={name}>
        {href === null ? "Download .tlog-proof" : "Save .tlog-proof"}
      </a>
    );
  }
  const fetchIt = async (): Promise<void> => {
    const response = await fetch(path, { headers: keyHeaders() });
    if (response.ok) setHref(URL.createObjectURL(await response.blob()));
  };
  return (
    <button type="button" className="button" onClick={() => void fetchIt()}>
      Download .tlog-proof
    </button>
  );
}
