import type { ReactNode } from "react";
import { Icon } from "../design/icons.tsx";
import { statusName } from "../feed/format.ts";

/** What stands in place of a list that is loading, failed or empty. */
export function State({ error, children }: { error?: Error | null; children: ReactNode }) {
  return (
    <div className={error == null ? "notice" : "notice wrong"} role={error == null ? "status" : "alert"}>
      {error == null ? children : <h2>{error.message}</h2>}
    </div>
  );
}

/** `says`: other words than the status itself. */
export function Status({ status, says }: { status: string | null; says?: string }) {
  const known: Readonly<Record<string, string>> = {
    running: "pending",
    timeout: "error",
    budget_exceeded: "error",
  };
  const { name } = statusName({ status: known[status ?? ""] ?? status });
  return (
    <span className={`status ${name}`}>
      <Icon name={name} />
      {says ?? status ?? "unknown"}
    </span>
  );
}

/** Figures in a row, each with its name. */
export function Figures({ figures }: { figures: ReadonlyArray<readonly [name: string, value: ReactNode]> }) {
  return (
    <dl className="figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function count(value: number | null): string {
  return value === null ? "–" : value.toLocaleString();
}

export function money(usd: string | null): string {
  const value = Number(usd ?? 0);
  if (value === 0) return "–";
  return `$${value < 1 ? value.toFixed(4) : value.toFixed(2)}`;
}
