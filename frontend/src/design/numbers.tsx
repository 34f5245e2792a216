import { t } from "../i18n";
import { useNow } from "./clock";
import {
  ago,
  bytes,
  coarse,
  duration,
  moment,
  type Missing,
  number,
  percent,
  quantity,
  rate,
  seconds as toSeconds,
  type Unit,
} from "./format";

interface Valued {
  value: number | Missing;
}

function Figure({ text, exact }: { text: string; exact?: string }) {
  return (
    <span className="p-number" title={exact === text ? undefined : exact}>
      {text}
    </span>
  );
}

/** A number with its unit; the exact value on hover. */
export function Num({ value, unit = "", digits }: Valued & { unit?: Unit; digits?: number }) {
  const text = unit === "" ? number(value, digits) : quantity(value, unit);
  return <Figure text={text} exact={value === null || value === undefined ? undefined : String(value)} />;
}

/** A size: "1.50 KiB". */
export function Bytes({ value }: Valued) {
  return <Figure text={bytes(value)} exact={value === null || value === undefined ? undefined : t("{count} bytes", { count: number(value) })} />;
}

/** Rows a second: "12.3 k rows/s". */
export function Rate({ value }: Valued) {
  return <Figure text={rate(value)} exact={value === null || value === undefined ? undefined : t("{count} rows/s", { count: number(value, 6) })} />;
}

/** A share as percent. */
export function Percent({ value }: Valued) {
  return <Figure text={percent(value)} />;
}

/** A span of time in seconds: "1 min 15 s". */
export function Duration({ value }: Valued) {
  return <Figure text={duration(value)} exact={value === null || value === undefined ? undefined : t("{count} s", { count: number(value, 6) })} />;
}

type Time = string | number | Missing;

function Live({ at, short }: { at: number; short: boolean }) {
  const now = useNow();
  const text = short ? coarse(Math.max(0, now - at)) : ago(at, now);
  return (
    <time className="p-number" title={moment(at)} dateTime={new Date(at * 1e3).toISOString()}>
      {text}
    </time>
  );
}

/** How long ago a time (ISO text or unix seconds) was, kept current; the full time on hover. `short` leaves out "ago". */
export function Ago({ at, short = false, none = "–" }: { at: Time; short?: boolean; none?: string }) {
  const found = toSeconds(at);
  return found === null ? <span>{none}</span> : <Live at={found} short={short} />;
}
