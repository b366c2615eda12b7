import { fullTime, shortTime } from "../feed/format.ts";
import { useZone } from "./zone.ts";

/** A time as people read it, in the chosen zone; pointing at it tells all of it. */
export function Time({ at }: { at: string }) {
  const zone = useZone();
  return (
    <time dateTime={at} title={fullTime(at, zone)}>
      {shortTime(at, zone)}
    </time>
  );
}
