import { useQuery } from "@tanstack/react-query";
import { fetchMe, type Me } from "../api/admin.ts";
import { useApiKey } from "../api/key.ts";
import { State } from "../parts/states.tsx";
import { useNewKey } from "../shell/key-bar.tsx";
import { Holds } from "./holds.tsx";
import { Keys } from "./keys.tsx";
import { Retention } from "./retention.tsx";

/** What administrators set: who may come in, how long events are kept, what must not be removed. */
export function SettingsPage() {
  const { data: me, error } = useQuery({ queryKey: ["me"], queryFn: fetchMe });
  return (
    <div className="page scrolls">
      <header className="pagehead">
        <h1>Settings</h1>
      </header>
      {me === undefined ? (
        <State error={error}>Loading …</State>
      ) : (
        <>
          <Who me={me} />
          {me.role === "admin" || me.role === "auditor" ? (
            <div className="settings">
              <Keys me={me} />
              <Retention mayChange={me.role === "admin"} />
              <Holds mayChange={me.role === "admin"} />
            </div>
          ) : null}
        </>
      )}
    </div>
  );
}

function Who({ me }: { me: Me }) {
  const { key } = useApiKey();
  const use = useNewKey();
  const reach = me.environments === null ? "every environment" : me.environments.join(", ");
  return (
    <section className="whoami" aria-label="Who you are here">
      {me.key_id === null ? (
        <p>
          This server asks for no key: it answers this computer only, and everybody here may do everything.
          The first key that is made changes that.
        </p>
      ) : (
        <p>
          You have a key with the role <b>{me.role}</b> for {reach} of the tenant <code>{me.tenant}</code>.
          {me.role === "admin" ? "" : " What is below is changed with the key of an admin."}
        </p>
      )}
      {key === null ? null : (
        <button type="button" className="button" onClick={() => use(null)}>
          Forget the key
        </button>
      )}
    </section>
  );
}
