/** What a chart of times is made of, and the pure parts of drawing it. */

import { msg } from "../../i18n";
import type { Unit } from "../format";

/** Unix seconds and a value; null where it is not known. */
export type Point = readonly [at: number, value: number | null];

export interface Series {
  /** Stable among the series of a chart. */
  key: string;
  name: string;
  points: readonly Point[];
  /** Fills the area below; for amounts. */
  area?: boolean;
  /** Draws a step at each point; for values that hold until the next one. */
  step?: boolean;
  dashed?: boolean;
  /** Drawn back, behind what matters more: for values that jump about. */
  faint?: boolean;
  /** Which of the theme's series colours; its place in the chart by default. */
  color?: number;
}

/** The spacing that points mostly have, in seconds; null with fewer than three. */
export function spacing(points: readonly Point[]): number | null {
  const gaps: number[] = [];
  for (let index = 1; index < points.length; index += 1) {
    const gap = (points[index]?.[0] ?? 0) - (points[index - 1]?.[0] ?? 0);
    if (gap > 0) gaps.push(gap);
  }
  if (gaps.length < 2) return null;
  gaps.sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? null;
}

/** The points with a null where nothing came for more than `longest` seconds, so that the line breaks there. */
export function withGaps(points: readonly Point[], longest: number | null): Point[] {
  const found: Point[] = [];
  let before: number | null = null;
  for (const point of points) {
    if (longest !== null && before !== null && point[0] - before > longest) found.push([(before + point[0]) / 2, null]);
    found.push(point);
    before = point[0];
  }
  return found;
}

/** The last known value at or before a time, at most `within` seconds old; the newest known one without a time. */
export function valueAt(points: readonly Point[], at: number | null, within = Infinity): number | null {
  let low = 0;
  let high = points.length;
  const limit = at ?? Infinity;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.[0] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  for (let index = low - 1; index >= 0; index -= 1) {
    const point = points[index];
    if (!point || (at !== null && at - point[0] > within)) return null;
    if (point[1] !== null) return point[1];
  }
  return null;
}

/** Unit shown on the axis, so that ticks need none: what the ticks are divided by is theirs to say. */
export const AXIS_UNIT: Readonly<Record<Unit, string>> = {
  "": "",
  rows: msg("rows"),
  "rows/s": msg("rows/s"),
  bytes: "",
  seconds: "",
  share: "",
  ms: "",
  µs: "",
};
