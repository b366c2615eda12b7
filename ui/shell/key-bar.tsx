import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import type { SubmitEvent } from "react";
import { keepKey, useApiKey } from "../api/key.ts";

/** Stands above every page while the server wants a key, or another one than it got. */
export function KeyBar() {
  const { key, isWanted } = useApiKey();
  const submit = useKeySubmit();
  if (!isWanted) return null;
  return (
    <form className="keybar" aria-label="API key" onSubmit={submit}>
      <label htmlFor="api-key">
        {key === null ? "This server asks for an API key." : "The server does not know this key (any more)."}
      </label>
      <input id="api-key" className="field" type="password" name="key" required autoComplete="off" />
      <button type="submit" className="button primary">
        Use it
      </button>
      <small className="soft">Kept in this tab until it is closed.</small>
    </form>
  );
}

/** Takes the key of a form, and reads everything anew with it. */
export function useKeySubmit(): (submitted: SubmitEvent<HTMLFormElement>) => void {
  const use = useNewKey();
  return (submitted) => {
    submitted.preventDefault();
    const key = String(new FormData(submitted.currentTarget).get("key") ?? "").trim();
    if (key !== "") use(key);
  };
}

/** Sends the key from now on, or none, and reads everything anew. */
export function useNewKey(): (key: string | null) => void {
  const queries = useQueryClient();
  const router = useRouter();
  return (key) => {
    keepKey(key);
    void queries.invalidateQueries();
    void router.invalidate();
  };
}
