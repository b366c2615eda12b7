import { Link, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { Icon, type IconName } from "../design/icons.tsx";
import { applyTheme, storedTheme, THEMES, type Theme } from "../design/theme.ts";
import { useZone } from "../parts/zone.ts";
import { KeyBar } from "./key-bar.tsx";

const THEME_ICONS: Readonly<Record<Theme, IconName>> = { system: "system", light: "sun", dark: "moon" };

const PAGES = [
  ["/", "Events"],
  ["/runs", "Runs"],
  ["/threads", "Threads"],
  ["/approvals", "Approvals"],
  ["/overview", "Agents and tools"],
  ["/forwarders", "Forwarders"],
  ["/integrity", "Integrity"],
  ["/settings", "Settings"],
] as const;

export function Shell({ children }: { children: ReactNode }) {
  return (
    <div className="shell">
      <header className="topbar">
        <Link to="/" search={{}} className="brand">
          <img src="/icon.svg" alt="" width="22" height="22" />
          Daybook
        </Link>
        <nav className="nav" aria-label="Main">
          {PAGES.map(([to, name]) => (
            <Link key={to} to={to} search={{}} activeOptions={{ exact: to === "/", includeSearch: false }}>
              {name}
            </Link>
          ))}
        </nav>
        <span className="spacer" />
        <ZoneButton />
        <ThemeButton />
      </header>
      <main>
        <KeyBar />
        {children}
      </main>
    </div>
  );
}

function ZoneButton() {
  const zone = useZone();
  const navigate = useNavigate();
  const next = zone === "utc" ? "local" : "utc";
  return (
    <button
      type="button"
      className="button quiet"
      aria-label={`Times are ${zone === "utc" ? "in UTC" : "local"}. Change to ${next === "utc" ? "UTC" : "local"}.`}
      title="Time zone"
      onClick={() => void navigate({ to: ".", search: (old) => ({ ...old, tz: next }), replace: true })}
    >
      {zone === "utc" ? "UTC" : "Local"}
    </button>
  );
}

function ThemeButton() {
  const [theme, setTheme] = useState(storedTheme);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] as Theme;
  return (
    <button
      type="button"
      className="button quiet icon"
      aria-label={`Theme: ${theme}. Change to ${next}.`}
      title={`Theme: ${theme}`}
      onClick={() => {
        applyTheme(next);
        setTheme(next);
      }}
    >
      <Icon name={THEME_ICONS[theme]} />
    </button>
  );
}
