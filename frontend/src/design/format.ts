/** Numbers, sizes, times as people read them. Pure; a missing value (null, undefined, NaN) is "–". */

import { msg, t } from "../i18n";

export type Missing = null | undefined;
export type Unit = "" | "rows" | "rows/s" | "bytes" | "seconds" | "share" | "ms" | "µs";

export const MISSING = "–";

const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

function missing(value: number | Missing): value is Missing {
  return value === null || value === undefined || Number.isNaN(value);
}

/** Digits enough to tell neighbours apart, never more than `digits` significant ones below a thousand. */
function significant(value: number, digits: number): string {
  const size = Math.abs(Number(value.toPrecision(digits)));
  if (size === 0) return "0";
  if (size >= 10 ** (digits - 1)) return plain.format(value);
  const whole = Math.floor(Math.log10(size)) + 1;
  return value.toFixed(Math.min(8, Math.max(0, digits - whole)));
}

/** 1234567 -> "1,234,567"; .43111 -> "0.4311"; up to `digits` significant digits below 10^digits. */
export function number(value: number | Missing, digits = 4): string {
  if (missing(value)) return MISSING;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  if (Number.isInteger(value)) return plain.format(value);
  if (Math.abs(value) < 1e-6) return value.toExponential(1);
  return significant(value, digits);
}

const STEPS: readonly (readonly [number, string])[] = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

/** 12345 -> "12.3 k"; for axes and dense tables. */
export function compact(value: number | Missing): string {
  if (missing(value)) return MISSING;
  for (const [size, letter] of STEPS) {
    if (Math.abs(value) >= size * 0.99995) return `${significant(value / size, 3)} ${letter}`;
  }
  return Number.isInteger(value) ? plain.format(value) : significant(value, 3);
}

/** 1536 -> "1.50 KiB". */
export function bytes(value: number | Missing): string {
  if (missing(value)) return MISSING;
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let scaled = value;
  let step = 0;
  while (Math.abs(scaled) >= 1023.5 && step < names.length - 1) {
    scaled /= 1024;
    step += 1;
  }
  return `${step === 0 ? plain.format(scaled) : significant(scaled, 3)} ${names[step]}`;
}

/** "1 run", "12 runs". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${plain.format(count)} ${count === 1 ? one : many}`;
}

/** Rows a second. */
export function rate(value: number | Missing): string {
  return missing(value) ? MISSING : t("{count} rows/s", { count: compact(value) });
}

/** .1234 -> "12.3 %". */
export function percent(value: number | Missing): string {
  if (missing(value)) return MISSING;
  const shown = value * 100;
  return `${Math.abs(shown) < 99.95 && shown !== 0 ? significant(shown, 3) : plain.format(shown)} %`;
}

const SPANS: readonly (readonly [number, string])[] = [
  [86400, msg("{count} d")],
  [3600, msg("{count} h")],
  [60, msg("{count} min")],
];

/** A span of time: .0034 -> "3.40 ms", 75 -> "1 min 15 s", 90000 -> "1 d 1 h". */
export function duration(seconds: number | Missing): string {
  if (missing(seconds)) return MISSING;
  const size = Math.abs(seconds);
  const sign = seconds < 0 ? "-" : "";
  if (size === 0) return t("{count} s", { count: 0 });
  if (size < 1e-3) return `${sign}${significant(size * 1e6, 3)} µs`;
  if (size < 0.9995) return `${sign}${significant(size * 1e3, 3)} ms`;
  if (size < 9.95) return t("{count} s", { count: `${sign}${significant(size, 2)}` });
  const whole = Math.round(size);
  if (whole < 60) return t("{count} s", { count: `${sign}${whole}` });
  const at = SPANS.findIndex(([length]) => whole >= length);
  const [length, name] = SPANS[at] ?? [60, msg("{count} min")];
  const [below, lower] = SPANS[at + 1] ?? [1, msg("{count} s")];
  const rest = Math.floor((whole % length) / below);
  const first = t(name, { count: `${sign}${Math.floor(whole / length)}` });
  return rest > 0 ? `${first} ${t(lower, { count: rest })}` : first;
}

/** How long ago a time was: "just now", "12 s ago", "3 min ago". */
export function ago(at: number | Missing, now: number): string {
  if (missing(at)) return MISSING;
  const seconds = Math.floor(now - at);
  if (seconds < -1) return t("in {span}", { span: coarse(-seconds) });
  return seconds < 1 ? t("just now") : t("{span} ago", { span: coarse(seconds) });
}

/** A span in its largest unit only, so that a list of them reads evenly. */
export function coarse(seconds: number | Missing): string {
  if (missing(seconds)) return MISSING;
  for (const [length, name] of SPANS) {
    if (Math.abs(seconds) >= length) return t(name, { count: Math.floor(seconds / length) });
  }
  return t("{count} s", { count: Math.floor(seconds) });
}

const FORMATS: Readonly<Record<Unit, (value: number | Missing) => string>> = {
  "": (value) => number(value),
  rows: (value) => (missing(value) ? MISSING : t("{count} rows", { count: number(value) })),
  "rows/s": rate,
  bytes,
  seconds: duration,
  share: percent,
  ms: (value) => duration(missing(value) ? null : value / 1e3),
  µs: (value) => duration(missing(value) ? null : value / 1e6),
};

/** A value with its unit. */
export function quantity(value: number | Missing, unit: Unit): string {
  return FORMATS[unit](value);
}

/** The unix seconds of an ISO time (or of seconds as they are); null where it is none. */
export function seconds(time: string | number | Missing): number | null {
  if (time === null || time === undefined) return null;
  const found = typeof time === "number" ? time : Date.parse(time) / 1e3;
  return Number.isNaN(found) ? null : found;
}

const two = (value: number) => String(value).padStart(2, "0");

/** "12:03:05", local time. */
export function clock(at: number | Missing): string {
  if (missing(at)) return MISSING;
  const date = new Date(at * 1e3);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** "2026-03-04 12:03:05", local time. */
export function moment(at: number | Missing): string {
  if (missing(at)) return MISSING;
  const date = new Date(at * 1e3);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(at)}`;
}
