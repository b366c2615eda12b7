import { TrailError } from "../base/error.ts";
import type { Headed } from "./door.ts";

/**
 * A page of another origin in the operator's browser must not write here. It cannot read either:
 * there are no CORS headers. Programs send no Origin, and any Host is fine.
 */
export function refuseForeignPages(asked: Headed): void {
  const origin = asked.header("origin");
  if (origin === undefined) return;
  const host = URL.canParse(origin) ? new URL(origin).host : "";
  if (host !== "" && host === asked.header("host")?.toLowerCase()) return;
  throw new TrailError("request.forbidden", "A page of another origin may not write here.", {
    fix: "Send it from a program, or from the page that this server serves.",
  });
}
