/** Text, path, number, duration, choice, flag: one control each. */

import { NativeSelect, SegmentedControl, Switch } from "@mantine/core";

import { msg, t } from "../../../i18n";
import { asValue, shown, useDraft } from "../fields";
import classes from "../node.module.css";
import { Suggest } from "./Suggest";
import { type WidgetProps, aria } from "./types";

/** The default, as it stands in an empty field. */
export function placeholder({ spec }: Pick<WidgetProps, "spec">): string {
  const text = shown(spec.default);
  return text === "{}" || text === "[]" ? "" : text;
}

export function Line(props: WidgetProps) {
  const field = useDraft(shown(props.value), (text) => props.onChange(asValue(text, props.spec.kind)));
  return <Suggest {...aria(props)} field={field} placeholder={placeholder(props)} mono={props.spec.kind === "path"} />;
}

interface Limits {
  low?: number;
  high?: number;
  whole?: boolean;
}

/** A number within its limits; `${name}` is text. */
export function NumberField(props: WidgetProps) {
  const { low, high, whole } = props.spec.limits as Limits;
  const field = useDraft(shown(props.value), (text) => props.onChange(asValue(text, "number")), (text) => shown(asValue(text, "number")));
  const step = (by: number) => {
    const now = Number(field.value || props.spec.default || 0);
    if (!Number.isFinite(now)) return;
    const next = Math.min(high ?? Infinity, Math.max(low ?? -Infinity, now + by));
    props.onChange(whole ? Math.round(next) : Number(next.toPrecision(12)));
  };
  const range = low === undefined || high === undefined ? "" : t("{low} to {high}", { low: low.toLocaleString("en"), high: high.toLocaleString("en") });
  return (
    <Suggest {...aria(props)} field={field} placeholder={placeholder(props)} note={range} inputMode="decimal"
      onStep={(by) => step(by * (whole ? 1 : magnitude(Number(field.value || props.spec.default || 1)) / 10))} />
  );
}

function magnitude(number: number): number {
  return number ? 10 ** Math.floor(Math.log10(Math.abs(number))) : 1;
}

const UNITS = ["second", "minute", "hour", "day"];
const DURATION = /^\s*(\d+)\s*(second|minute|hour|day)s?\s*$/i;

export function isDuration(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "string" && (DURATION.test(value) || value.includes("${")));
}

/** A number and a unit; `${name}` as text in the number's place. */
export function Duration(props: WidgetProps) {
  const text = shown(props.value);
  const [, number, unit] = DURATION.exec(text || shown(props.spec.default)) ?? [];
  const given = props.value !== undefined && props.value !== null;
  const change = (count: string, of: string) => {
    const trimmed = count.trim();
    if (!trimmed) props.onChange(undefined);
    else props.onChange(/^\d+$/.test(trimmed) ? `${trimmed} ${of}${trimmed === "1" ? "" : "s"}` : trimmed);
  };
  const chosen = (unit ?? "minute").toLowerCase();
  const field = useDraft(given ? (number ?? text) : "", (count) => change(count, chosen));
  return (
    <div className={classes.row}>
      <div style={{ flex: 1, minWidth: 0 }}>
        <Suggest {...aria(props)} field={field} placeholder={number ?? ""} inputMode="numeric" />
      </div>
      {text.includes("${") ? null : (
        <NativeSelect size="xs" aria-label={t("{label}, unit", { label: props.spec.label })} disabled={props.disabled} value={chosen}
          data={UNITS.map((each) => ({ value: each, label: t(UNIT_NAMES[each] ?? each) }))}
          onChange={(event) => change(field.value || number || "1", event.currentTarget.value)} />
      )}
    </div>
  );
}

const UNIT_NAMES: Readonly<Record<string, string>> = { second: msg("seconds"), minute: msg("minutes"), hour: msg("hours"), day: msg("days") };

const FEW = 3;

export function Choice(props: WidgetProps) {
  const { spec, value, disabled, onChange } = props;
  const options = (spec.limits as { options?: string[] }).options ?? [];
  const now = shown(value ?? spec.default);
  const choose = (next: string) => onChange(next === spec.default ? undefined : next);
  const known = options.includes(now);
  if (known && options.length <= FEW && options.join("").length < 30) {
    return <SegmentedControl {...aria(props)} aria-label={spec.label} disabled={disabled} data={options} value={now} onChange={choose} />;
  }
  return (
    <NativeSelect size="xs" {...aria(props)} data={known ? options : [now, ...options]} value={now} onChange={(event) => choose(event.currentTarget.value)} />
  );
}

export function Flag(props: WidgetProps) {
  const { spec, value, onChange } = props;
  return (
    <Switch {...aria(props)} aria-label={spec.label} checked={(value ?? spec.default) === true}
      onChange={(event) => onChange(event.currentTarget.checked === spec.default ? undefined : event.currentTarget.checked)} />
  );
}
