/** Ends and steps of axes whose units do not count in tens: spans of time and sizes. */

import type { Unit } from "../format";
import type { Series } from "./series";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const SPANS = [15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY];
const TICKS = 3;

const isDecimal = (unit: Unit, most: number): boolean => (unit === "seconds" ? most < MINUTE : unit !== "bytes");

/** 1, 2 or 5 times a power of ten: the least that is no smaller. */
function round(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((each) => each * power >= value) ?? 10);
}

function stepOf(unit: Unit, least: number): number {
  if (unit === "seconds") return SPANS.find((each) => each >= least) ?? round(least / DAY) * DAY;
  const scale = 1024 ** Math.max(0, Math.floor(Math.log(least) / Math.log(1024)));
  const step = round(least / scale);
  return step >= 1000 ? scale * 1024 : step * scale;
}

/** The step and the end of an axis from zero; nothing where steps in tens are right. */
export function stepsOf(series: readonly Series[], unit: Unit): { interval: number; max: number } | null {
  const most = series.reduce((so, one) => one.points.reduce((most, [, value]) => Math.max(most, value ?? 0), so), 0);
  if (most <= 0 || isDecimal(unit, most)) return null;
  const interval = stepOf(unit, most / TICKS);
  return { interval, max: Math.ceil(most / interval) * interval };
}

/** Decimals that tell ticks apart where the axis is just around the values; null where short numbers do. */
export function decimalsOf(series: readonly Series[]): number | null {
  const values = series.flatMap((one) => one.points.flatMap(([, value]) => (value === null ? [] : [value])));
  const [low, high] = values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
  const span = (high - low) / TICKS;
  if (!(span > 0) || high >= 100 || span >= 1) return null;
  return Math.min(6, Math.ceil(-Math.log10(span)) + 1);
}
