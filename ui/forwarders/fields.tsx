import { useId } from "react";
import type { ForwarderType, OptionRule, Placeholder } from "../api/forwarding.ts";
import { type Draft, fill } from "./draft.ts";

const FORMATS = ["native", "ocsf", "cloudevents", "ecs", "cef", "otlp"];
/** Headers that carry no secret, and may be read over a shoulder. */
const PLAIN_HEADERS = /^(content-type|accept|user-agent)$/i;

interface DestinationProps {
  draft: Draft;
  type: ForwarderType;
  isNew: boolean;
  setDraft(draft: Draft): void;
}

/** Where it goes: what the type's template asks for, the address, the headers, and the type's own options. */
export function Destination({ draft, type, isNew, setDraft }: DestinationProps) {
  const { attributes } = type;
  const asked = isNew
    ? Object.entries(attributes.placeholders).filter(([name]) => isInTemplate(name, type))
    : [];
  const options = Object.entries(attributes.options).filter(([name]) => !asked.some(([key]) => key === name));
  return (
    <fieldset>
      <legend>Destination</legend>
      {asked.map(([name, placeholder]) => (
        <PlaceholderField
          key={name}
          placeholder={placeholder}
          value={draft.filled[name] ?? ""}
          onChange={(value) => setDraft(fill(draft, type, { [name]: value }))}
        />
      ))}
      <label>
        Address
        <input
          className="field mono"
          required
          placeholder="https://…"
          value={draft.url}
          onChange={(e) => setDraft({ ...draft, url: e.target.value })}
        />
      </label>
      <Headers draft={draft} setDraft={setDraft} />
      {options.map(([name, rule]) => (
        <OptionField
          key={name}
          name={name}
          rule={rule}
          value={draft.options[name] ?? ""}
          onChange={(value) => setDraft({ ...draft, options: { ...draft.options, [name]: value } })}
        />
      ))}
      {type.id === "http" ? null : (
        <small className="soft">
          <a href={attributes.docs_url} target="_blank" rel="noreferrer">
            The manual of {attributes.name}
          </a>
        </small>
      )}
    </fieldset>
  );
}

function isInTemplate(name: string, { attributes: { configuration } }: ForwarderType): boolean {
  const { url, headers } = configuration;
  return [url ?? "", ...headers.map(({ value }) => value)].some((text) => text.includes(`{${name}}`));
}

function PlaceholderField({
  placeholder,
  value,
  onChange,
}: {
  placeholder: Placeholder;
  value: string;
  onChange(value: string): void;
}) {
  const id = useId();
  const { label, secret, enum: choices, placeholder: example } = placeholder;
  return (
    <label htmlFor={id}>
      {label}
      {choices === null ? (
        <input
          id={id}
          className="field"
          type={secret ? "password" : "text"}
          autoComplete="off"
          placeholder={example ?? ""}
          value={value}
          onChange={(e) => onChange(e.target.value)}
        />
      ) : (
        <select id={id} className="field" value={value} onChange={(e) => onChange(e.target.value)}>
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      )}
    </label>
  );
}

function Headers({ draft, setDraft }: Pick<DestinationProps, "draft" | "setDraft">) {
  const change = (at: number, part: Partial<Draft["headers"][number]>): void =>
    setDraft({ ...draft, headers: draft.headers.map((one, i) => (i === at ? { ...one, ...part } : one)) });
  return (
    <div className="headers">
      {[...draft.headers.entries()].map(([at, { name, value }]) => (
        <div key={at} className="headerrow">
          <input
            className="field mono"
            aria-label={`Header ${at + 1}`}
            value={name}
            onChange={(e) => change(at, { name: e.target.value })}
          />
          <input
            className="field mono"
            aria-label={`Value of header ${at + 1}`}
            type={PLAIN_HEADERS.test(name) ? "text" : "password"}
            autoComplete="off"
            value={value}
            onChange={(e) => change(at, { value: e.target.value })}
          />
          <button
            type="button"
            className="button"
            aria-label={`Remove header ${at + 1}`}
            onClick={() => setDraft({ ...draft, headers: draft.headers.filter((_, i) => i !== at) })}
          >
            Remove
          </button>
        </div>
      ))}
      <button
        type="button"
        className="button"
        onClick={() => setDraft({ ...draft, headers: [...draft.headers, { name: "", value: "" }] })}
      >
        Add a header
      </button>
    </div>
  );
}

interface OptionProps {
  name: string;
  rule: OptionRule;
  value: string;
  onChange(value: string): void;
}

function OptionField({ name, rule, value, onChange }: OptionProps) {
  const id = useId();
  const label = name.replaceAll("_", " ");
  const hint = <small className="soft">{rule.doc}</small>;
  if (rule.type === "flag") {
    return (
      <label className="check">
        <input
          type="checkbox"
          checked={value === "true"}
          onChange={(e) => onChange(e.target.checked ? "true" : "")}
        />
        {label} {hint}
      </label>
    );
  }
  return (
    <label htmlFor={id}>
      {label}
      {rule.oneOf === undefined ? (
        <input
          id={id}
          className="field"
          type={rule.secret === true ? "password" : "text"}
          autoComplete="off"
          inputMode={rule.type === "count" ? "numeric" : undefined}
          placeholder={rule.type === "map" ? '{"team":"security"}' : ""}
          value={value}
          onChange={(e) => onChange(e.target.value)}
        />
      ) : (
        <select id={id} className="field" value={value} onChange={(e) => onChange(e.target.value)}>
          <option value="" />
          {rule.oneOf.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      )}
      {hint}
    </label>
  );
}

interface RulesProps {
  draft: Draft;
  type: ForwarderType;
  change(part: Partial<Draft>): void;
}

/** Which events go, and how they look. */
export function Rules({ draft, type, change }: RulesProps) {
  const proposed = type.attributes.transform?.default;
  return (
    <fieldset>
      <legend>Events</legend>
      <label>
        Environments
        <input
          className="field"
          value={draft.environments}
          onChange={(e) => change({ environments: e.target.value })}
        />
        <small className="soft">Only events of these are sent; commas between them.</small>
      </label>
      <label>
        Filter
        <textarea
          className="field mono"
          rows={3}
          spellCheck={false}
          placeholder='{"in":[{"var":"status"},["error","denied"]]}'
          value={draft.filter}
          onChange={(e) => change({ filter: e.target.value })}
        />
        <small className="soft">JSON Logic over the event's fields; empty: every event.</small>
      </label>
      <label>
        Transform
        <textarea
          className="field mono"
          rows={3}
          spellCheck={false}
          placeholder={proposed ?? '{ "what": event_type, "who": agent }'}
          value={draft.transform}
          onChange={(e) => change({ transform: e.target.value })}
        />
        <small className="soft">JSONata: the payload in place of the event; empty: the format below.</small>
      </label>
      <label>
        Format
        <select className="field" value={draft.format} onChange={(e) => change({ format: e.target.value })}>
          <option value="">As the destination likes it</option>
          {FORMATS.map((format) => (
            <option key={format}>{format}</option>
          ))}
        </select>
      </label>
    </fieldset>
  );
}
