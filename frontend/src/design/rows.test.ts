import { describe, expect, it } from "vitest";

import { inSight, selected, sorted } from "./rows";

describe("sorted", () => {
  const rows = [{ n: 2 }, { n: null }, { n: 10 }, { n: 1 }];
  it("puts missing values last in both directions", () => {
    expect(sorted(rows, (row) => row.n, "ascending").map((row) => row.n)).toEqual([1, 2, 10, null]);
    expect(sorted(rows, (row) => row.n, "descending").map((row) => row.n)).toEqual([10, 2, 1, null]);
  });

  it("reads numbers in names as numbers", () => {
    expect(sorted(["run-10", "run-9"], (name) => name, "ascending")).toEqual(["run-9", "run-10"]);
  });

  it("keeps the order of equal ones", () => {
    const given = [{ k: 1, id: "a" }, { k: 1, id: "b" }, { k: 0, id: "c" }];
    expect(sorted(given, (row) => row.k, "descending").map((row) => row.id)).toEqual(["a", "b", "c"]);
  });
});

describe("inSight", () => {
  it("is all of a short table", () => expect(inSight(5, 0, 400, 30)).toEqual([0, 5]));
  it("is a slice of a long one", () => expect(inSight(500, 3000, 300, 30, 2)).toEqual([98, 112]));
  it("is nothing of an empty one", () => expect(inSight(0, 0, 300, 30)).toEqual([0, 0]));
  it("never begins after the end, when rows were taken away below the scroll", () => {
    const [first, last] = inSight(10, 9000, 300, 30);
    expect(first).toBeLessThan(10);
    expect(last).toBe(10);
  });
});

describe("selected", () => {
  const order = ["a", "b", "c", "d"];
  it("toggles", () => {
    expect([...selected(order, new Set(["a"]), "b", null)]).toEqual(["a", "b"]);
    expect([...selected(order, new Set(["a", "b"]), "b", null)]).toEqual(["a"]);
  });
  it("takes a stretch, either way round", () => {
    expect([...selected(order, new Set(), "d", "b")]).toEqual(["b", "c", "d"]);
    expect([...selected(order, new Set(), "a", "c")].sort()).toEqual(["a", "b", "c"]);
  });
  it("toggles where the stretch began at a row that is gone", () => expect([...selected(order, new Set(), "c", "z")]).toEqual(["c"]));
});
