import type { SubmitEvent } from "react";
import { Menu } from "../parts/menu.tsx";
import { useZone } from "../parts/zone.ts";
import { fromInput, isAll, type Range, rangeLabel, readRange, SPAN_NAMES, toInput } from "./range.ts";

interface Props {
  range: Range;
  onChange(range: Range): void;
}

export function RangeMenu({ range, onChange }: Props) {
  const zone = useZone();
  return (
    <Menu label={rangeLabel(range, zone)} name="Time range">
      {(close) => {
        const choose = (next: Range): void => {
          onChange(next);
          close();
        };
        return (
          <>
            <ul className="choices">
              <Choice name="All time" chosen={isAll(range)} choose={() => choose({})} />
              {SPAN_NAMES.map(([span, name]) => (
                <Choice
                  key={span}
                  name={name}
                  chosen={range.range === span}
                  choose={() => choose({ range: span })}
                />
              ))}
            </ul>
            <Between range={range} choose={choose} />
          </>
        );
      }}
    </Menu>
  );
}

function Choice({ name, chosen, choose }: { name: string; chosen: boolean; choose(): void }) {
  return (
    <li>
      <button type="button" aria-pressed={chosen} onClick={choose}>
        {name}
      </button>
    </li>
  );
}

/** Two times by hand, in the zone that the page shows. */
function Between({ range, choose }: { range: Range; choose(range: Range): void }) {
  const zone = useZone();
  const apply = (submitted: SubmitEvent<HTMLFormElement>): void => {
    submitted.preventDefault();
    const fields = new FormData(submitted.currentTarget);
    const read = (name: string): string | undefined => fromInput(String(fields.get(name) ?? ""), zone);
    choose(readRange({ from: read("from"), to: read("to") }));
  };
  return (
    <form className="between" onSubmit={apply}>
      <label>
        From
        <input
          className="field"
          type="datetime-local"
          step="1"
          name="from"
          defaultValue={toInput(range.from, zone)}
        />
      </label>
      <label>
        To
        <input
          className="field"
          type="datetime-local"
          step="1"
          name="to"
          defaultValue={toInput(range.to, zone)}
        />
      </label>
      <button type="submit" className="button primary">
        Show
      </button>
      <small className="soft">{zone === "utc" ? "In UTC." : "In this computer's time."}</small>
    </form>
  );
}
