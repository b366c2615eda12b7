import type { Stats } from "../api/views.ts";
import { duration, shortTime } from "../feed/format.ts";
import { useZone } from "../parts/zone.ts";

const WIDTH = 640;
const HEIGHT = 120;
const LINES = ["p50", "p95", "p99"] as const;

/** How long calls took over the time: the middle, and the slow ends. A bucket without durations is a hole. */
export function Latency({ stats: { series, window } }: { stats: Stats }) {
  const zone = useZone();
  const timed = series.filter(({ duration_ms: took }) => took.p50 !== null);
  if (timed.length < 2) return null;
  const [from, to] = [Date.parse(window.since), Date.parse(window.until)];
  const most = Math.max(1, ...timed.map(({ duration_ms: took }) => took.p99 ?? 0));
  const x = (at: string): number => ((Date.parse(at) - from) / Math.max(1, to - from)) * WIDTH;
  // Latencies spread over powers of ten: a straight scale would show the slowest one alone.
  const y = (ms: number): number => HEIGHT - (Math.log1p(ms) / Math.log1p(most)) * HEIGHT;
  const worst = timed.reduce((a, b) => ((b.duration_ms.p99 ?? 0) > (a.duration_ms.p99 ?? 0) ? b : a));
  return (
    <figure className="latency">
      <figcaption>
        <b>Latency</b>
        {LINES.map((line) => (
          <span key={line} className={`key ${line}`}>
            {line}
          </span>
        ))}
        <span className="soft">
          slowest p99 {duration(worst.duration_ms.p99)} at {shortTime(worst.at, zone)}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={labelOf(timed)}
      >
        {LINES.map((line) => (
          <polyline
            key={line}
            className={line}
            points={timed
              .map(({ at, duration_ms: took }) => `${x(at).toFixed(1)},${y(took[line] ?? 0).toFixed(1)}`)
              .join(" ")}
          />
        ))}
      </svg>
    </figure>
  );
}

function labelOf(series: Stats["series"]): string {
  const last = series.at(-1);
  const said = LINES.map((line) => `${line} ${duration(last?.duration_ms[line] ?? null)}`);
  return `Latency over time; last ${said.join(", ")}`;
}
