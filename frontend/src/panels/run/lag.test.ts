import { expect, it } from "vitest";

import type { RunSummary } from "../../api/types";
import { lagOf, lagOfRun, lessOf } from "./lag";

const DAY = 86_400;

it("is that behind the clock, and where even the newest is a day old, that behind the newest", () => {
  expect(lagOf(65, 5)).toEqual({ seconds: 65, replayed: false });
  expect(lagOf(3 * DAY, 5)).toEqual({ seconds: 3 * DAY, replayed: false });
  expect(lagOf(30 * DAY + 60, 30 * DAY)).toEqual({ seconds: 60, replayed: true });
  expect(lagOf(-2, -2)).toEqual({ seconds: 0, replayed: false });
});

it("is known of runs that work", () => {
  const run = (status: string, lag: number | null, newest: number | null) => ({ status, lag_seconds: lag, newest_seconds: newest }) as RunSummary;
  expect(lagOfRun(run("RUNNING", 8, 2))).toEqual({ seconds: 8, replayed: false });
  expect(lagOfRun(run("RUNNING", 9 * DAY + 6, 9 * DAY))).toEqual({ seconds: 6, replayed: true });
  expect([lagOfRun(null), lagOfRun(run("RUNNING", null, null)), lagOfRun(run("FINISHED", 8, 2))]).toEqual([null, null, null]);
});

it("of a series is less that of another, where both are known", () => {
  expect(lessOf([[1, 70], [2, 80], [3, null], [4, 9]], [[1, 60], [3, 60], [4, 10]])).toEqual([[1, 10], [2, null], [3, null], [4, 0]]);
});
