import { expect, it } from "vitest";

import type { Unit } from "../format";
import type { Point } from "./series";
import { decimalsOf, stepsOf } from "./steps";

const MIB = 1024 ** 2;
const of = (most: number, unit: Unit) => stepsOf([{ key: "a", name: "a", points: [[0, 0], [1, most], [2, null]] as Point[] }], unit);

it.each([
  ["seconds", 602, 300, 900],
  ["seconds", 75, 30, 90],
  ["seconds", 3 * 3600, 3600, 3 * 3600],
  ["seconds", 320 * 86_400, 200 * 86_400, 400 * 86_400],
  ["bytes", 83 * MIB, 50 * MIB, 100 * MIB],
  ["bytes", 2.3 * MIB, MIB, 3 * MIB],
  ["bytes", 700, 500, 1000],
  ["bytes", 3000 * MIB, 1024 * MIB, 3072 * MIB],
] as const)("%s up to %d go by %d, to %d", (unit, most, interval, max) => expect(of(most, unit)).toEqual({ interval, max }));

it("leaves what counts in tens, and what has no values, as they are", () => {
  expect([of(4.2, "seconds"), of(900, "rows/s"), of(0, "bytes"), stepsOf([], "bytes")]).toEqual([null, null, null, null]);
});

it.each([
  [[0.771, 0.776], 4],
  [[1.015, 1.034], 4],
  [[0.2, 0.8], 2],
  [[1, 40], null],
  [[0.5], null],
  [[200.1, 200.2], null],
])("between %j ticks have %j decimals", (values, decimals) => {
  expect(decimalsOf([{ key: "a", name: "a", points: values.map((value, at): Point => [at, value]) }])).toBe(decimals);
});
