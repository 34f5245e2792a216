import { describe, expect, it } from "vitest";

import { stretches } from "../Sparkline";
import { calibrationError, curve } from "./Reliability";
import { type Point, spacing, valueAt, withGaps } from "./series";

const points: Point[] = [
  [10, 1],
  [11, 2],
  [12, null],
  [13, 4],
  [30, 5],
];

describe("gaps", () => {
  it("are longer than what is usual", () => {
    expect(spacing(points)).toBe(1);
    expect(withGaps(points, 5)).toEqual([...points.slice(0, 4), [21.5, null], [30, 5]]);
  });
  it("are not looked for in two points", () => expect(spacing(points.slice(0, 2))).toBeNull());
});

describe("valueAt", () => {
  it("is the last known value at a time", () => {
    expect(valueAt(points, 12.5)).toBe(2);
    expect(valueAt(points, 13)).toBe(4);
    expect(valueAt(points, 9)).toBeNull();
    expect(valueAt(points, null)).toBe(5);
  });
  it("is none where that is too long ago", () => expect(valueAt(points, 29, 5)).toBeNull());
});

describe("reliability", () => {
  // Worked out by hand: |1 - 2| + |9 - 6| over 20 samples.
  const bins = [[10, 1, 2], [0, 0, 0], [10, 9, 6]] as const;
  it("is the mean distance of what is predicted from what happens", () => expect(calibrationError(bins)).toBeCloseTo(0.2, 12));
  it("is not known without samples", () => expect(calibrationError([[0, 0, 0]])).toBeNull());
  it("has a point for each bin with samples", () => expect(curve(bins)).toEqual([[0.1, 0.2, 10], [0.9, 0.6, 10]]));
});

describe("sparkline", () => {
  it("breaks at gaps and begins at zero", () => {
    expect(stretches([0, 10, null, 5, 5], 40, 12)).toEqual(["0.0,11.0 10.0,1.0", "30.0,6.0 40.0,6.0"]);
  });
  it("is nothing without values", () => expect(stretches([null, null], 40, 12)).toEqual([]));
});
