import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { TrailError } from "../base/error.ts";
import { openTrail, type TrailOptions } from "../index.ts";
import type { SubjectField } from "../protect/protector.ts";
import type { ForwardingRules } from "../trail/forwarding.ts";
import type { Trail } from "../trail/trail.ts";
import type { Call } from "./command.ts";
import { targetOf } from "./config/target.ts";
import { visible } from "./print.ts";

/**
 * Opens the trail that the call names, for reading: one that is not there is an error, not made. A server
 * is asked with `apiKey`, or with the key that every command takes.
 */
export function openExisting(call: Call, apiKey?: string): Trail {
  const { file, name } = targetOf(call.settings.required("db"));
  if (file !== null && !existsSync(file.path)) {
    throw new TrailError("store.unavailable", `There is no trail at ${name}.`, {
      field: "--db",
      fix: "Name another one with --db, or make it with `daybook record` or `daybook serve`.",
    });
  }
  return openOrMake(call, apiKey);
}

/** Opens the trail that the call names and makes it where there is none. */
export function openOrMake({ settings, out, io }: Call, key?: string): Trail {
  const { name } = targetOf(settings.required("db"));
  const apiKey = key ?? settings.text("apiKey");
  return openTrail(name, {
    forwarding: forwardingOf(io.env),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...subjectFrom(settings.text("subjectFrom")),
    tenant: settings.text("tenant") ?? "default",
    onProblem: (problem) => out.note(`daybook: ${visible(problem.message)}`),
  });
}

/** Judged where the trail is opened, as every option of it. */
function subjectFrom(field: string | undefined): Pick<TrailOptions, "subjectFrom"> {
  return field === undefined ? {} : { subjectFrom: field as SubjectField };
}

/** How forwarders may reach the world, as the environment says. */
function forwardingOf(env: Call["io"]["env"]): ForwardingRules {
  const ports = (env.DAYBOOK_FORWARDER_PORTS ?? "").split(/[,\s]+/).filter((port) => port !== "");
  if (ports.some((port) => !/^\d{1,5}$/.test(port))) {
    throw new TrailError("option.invalid", "DAYBOOK_FORWARDER_PORTS must be numbers with commas between.", {
      field: "DAYBOOK_FORWARDER_PORTS",
    });
  }
  return {
    allowPrivate: /^(1|true|yes)$/i.test(env.DAYBOOK_FORWARDER_ALLOW_PRIVATE ?? ""),
    ...(ports.length === 0 ? {} : { ports: ports.map(Number) }),
    ...(env.DAYBOOK_SECRET_KEY ? { secretKey: env.DAYBOOK_SECRET_KEY } : {}),
    ...(env.DAYBOOK_FORWARDER_FILES ? { fileRoot: resolve(env.DAYBOOK_FORWARDER_FILES) } : {}),
  };
}

/** The built page: beside the built program, or in the build of the checkout that runs from its sources. */
export function pageDir(): string {
  const beside = fileURLToPath(new URL("../ui", import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL("../../dist/ui", import.meta.url));
}
