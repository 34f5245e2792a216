/** How far event time is behind: one rule for tiles, tables, the bar of a run and the lists of runs. */

import type { Point } from "../../api/ring";
import { isFinal } from "../../api/runs";
import type { RunSummary } from "../../api/types";

/** Where even the newest event is further behind the clock than this, in seconds, the past is replayed. */
const REPLAYED = 86_400;

export interface Lag {
  /** Behind the clock, or where the past is replayed, behind the newest. */
  seconds: number;
  replayed: boolean;
}

/** Whether the past is replayed, by how far the newest there is is behind the clock. */
export const isReplayed = (newest: number): boolean => newest > REPLAYED;

/** By how many seconds something, and the newest there is, are behind the clock. */
export function lagOf(behind: number, newest: number): Lag {
  const replayed = isReplayed(newest);
  return { seconds: Math.max(0, replayed ? behind - newest : behind), replayed };
}

/** That of a run that works, by the last event of its slowest source; null: not known. */
export function lagOfRun(run: RunSummary | null): Lag | null {
  if (run === null || isFinal(run.status) || run.lag_seconds === null) return null;
  return lagOf(run.lag_seconds, run.newest_seconds ?? run.lag_seconds);
}

/** A series less another, where both have a value. */
export function lessOf(points: readonly Point[], others: readonly Point[]): Point[] {
  const at = new Map(others);
  return points.map(([time, value]): Point => {
    const other = at.get(time) ?? null;
    return [time, value === null || other === null ? null : Math.max(0, value - other)];
  });
}

/** To sort runs by. */
export const lagSeconds = (run: RunSummary | null): number | null => lagOfRun(run)?.seconds ?? null;
