import { describe, expect, it } from "vitest";

import { ago, bytes, clock, coarse, compact, counted, duration, moment, number, percent, quantity, rate, seconds } from "./format";

const cases = <T>(format: (value: T) => string, table: readonly (readonly [T, string])[]) => {
  it.each(table)("%s is %s", (value, text) => expect(format(value)).toBe(text));
};

describe("number", () => {
  cases<number | null | undefined>((value) => number(value), [
    [0, "0"],
    [1234567, "1,234,567"],
    [0.43111, "0.4311"],
    [12.3456, "12.35"],
    [1234.56, "1,235"],
    [-0.5, "-0.5000"],
    [1e-9, "1.0e-9"],
    [null, "–"],
    [undefined, "–"],
    [NaN, "–"],
    [Infinity, "∞"],
    [-Infinity, "-∞"],
  ]);
});

describe("compact", () => {
  cases<number | null>(compact, [
    [999, "999"],
    [1000, "1.00 k"],
    [12_345, "12.3 k"],
    [999_960, "1.00 M"],
    [5_000_000, "5.00 M"],
    [-2500, "-2.50 k"],
    [0.25, "0.250"],
    [null, "–"],
  ]);
});

describe("bytes", () => {
  cases<number | null>(bytes, [
    [0, "0 B"],
    [1023, "1,023 B"],
    [1024, "1.00 KiB"],
    [1536, "1.50 KiB"],
    [5 * 1024 ** 3, "5.00 GiB"],
    [2 ** 50, "1,024 TiB"],
    [null, "–"],
  ]);
});

describe("rate and percent", () => {
  cases<number | null>(rate, [
    [12_345, "12.3 k rows/s"],
    [0, "0 rows/s"],
    [null, "–"],
  ]);
  cases<number | null>(percent, [
    [0, "0 %"],
    [0.1234, "12.3 %"],
    [1, "100 %"],
    [0.0001, "0.0100 %"],
    [null, "–"],
  ]);
});

describe("duration", () => {
  cases<number | null>(duration, [
    [0, "0 s"],
    [0.0000034, "3.40 µs"],
    [0.0034, "3.40 ms"],
    [0.99, "990 ms"],
    [1.5, "1.5 s"],
    [59.6, "1 min"],
    [75, "1 min 15 s"],
    [3600, "1 h"],
    [90_000, "1 d 1 h"],
    [-75, "-1 min 15 s"],
    [null, "–"],
  ]);
});

describe("times", () => {
  it.each([
    [100, 100, "just now"],
    [100, 112.9, "12 s ago"],
    [100, 290, "3 min ago"],
    [100, 100 + 7200, "2 h ago"],
    [100, 100 + 3 * 86_400, "3 d ago"],
    [160, 100, "in 1 min"],
  ])("%d seen from %d is %s", (at, now, text) => expect(ago(at, now)).toBe(text));

  it("has one unit only when coarse", () => expect([coarse(59), coarse(61), coarse(7199)]).toEqual(["59 s", "1 min", "1 h"]));

  it("reads ISO texts and seconds", () => {
    expect(seconds("1970-01-01T00:01:40Z")).toBe(100);
    expect(seconds(100)).toBe(100);
    expect(seconds("nonsense")).toBeNull();
    expect(seconds(null)).toBeNull();
  });

  it("is local time", () => {
    const at = new Date(2026, 2, 4, 12, 3, 5).getTime() / 1e3;
    expect(clock(at)).toBe("12:03:05");
    expect(moment(at)).toBe("2026-03-04 12:03:05");
  });
});

it("gives every quantity its unit", () => {
  expect(quantity(2048, "bytes")).toBe("2.00 KiB");
  expect(quantity(0.5, "share")).toBe("50.0 %");
  expect(quantity(1500, "ms")).toBe("1.5 s");
  expect(quantity(3, "rows")).toBe("3 rows");
  expect(quantity(null, "seconds")).toBe("–");
});

it("counts", () => expect([counted(1, "run"), counted(1200, "run"), counted(2, "entry", "entries")]).toEqual(["1 run", "1,200 runs", "2 entries"]));
