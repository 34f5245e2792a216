import { expect, test } from "vitest";

import type { PreviewTable } from "../../api/preview";
import { behindOf, csvOf, differences, folded, objectsOf, rowsOf, spanOf } from "./rows";

const column = (name: string) => ({ name, type: "BIGINT", kind: "whole" as const, nullable: true, time: null });

function table(names: string[], rows: unknown[][], more: Partial<PreviewTable> = {}): PreviewTable {
  return { columns: names.map(column), rows, kinds: null, total: rows.length, before_end: rows.length, profile: [], time: null, ...more };
}

test("differences count equal rows as often as they are there", () => {
  const found = differences(table(["a"], [[1], [1], [2]]), table(["a"], [[1], [3], [2]]));
  expect(found.rows).toEqual([
    { at: 1, sign: "-", kind: 0, values: [1] },
    { at: 1, sign: "+", kind: 0, values: [3] },
  ]);
  expect([found.added, found.removed]).toEqual([1, 1]);
});

test("rows are compared in the columns that both have", () => {
  const found = differences(table(["a", "old"], [[1, 7], [2, 8]]), table(["new", "a"], [[5, 1], [6, 3]]));
  expect(found.columnsAdded).toEqual(["new"]);
  expect(found.columnsRemoved).toEqual(["old"]);
  expect(found.rows).toEqual([
    { at: 1, sign: "-", kind: 0, values: [null, 2] },
    { at: 1, sign: "+", kind: 0, values: [6, 3] },
  ]);
});

test("another kind of change is another row", () => {
  const before = table(["a"], [[1]], { kinds: [0] });
  expect(differences(before, table(["a"], [[1]], { kinds: [2] })).added).toBe(1);
  expect(differences(before, table(["a"], [[1]])).added).toBe(0);
});

test("folding leaves what no later change took back", () => {
  const changes = table(["k", "n"], [["a", 1], ["a", 1], ["a", 2], ["b", 1], ["b", 1]], { kinds: [0, 1, 2, 0, 3] });
  expect(folded(changes)).toEqual([{ k: "a", n: 2 }]);
});

test("rows know whether they came at the end, and how late", () => {
  const found = rowsOf(table(["a"], [[1], [2]], { before_end: 1, time: { column: "t", first: null, last: null, out_of_order: 1, most_behind: 5, behind: [0, 5] } }));
  expect(found.map(({ held, behind }) => [held, behind])).toEqual([[false, 0], [true, 5]]);
  expect(rowsOf(null)).toEqual([]);
});

test("CSV quotes what needs it and says the kind of change", () => {
  expect(csvOf(table(["a", "b"], [[1, 'x,"y"'], [null, { c: 1 }]]))).toBe('a,b\n1,"x,""y"""\n,"{""c"":1}"\n');
  expect(csvOf(table(["a"], [[1], [1]], { kinds: [0, 3] }))).toBe("change,a\n+I,1\n-D,1\n");
});

test("rows as objects", () => {
  expect(objectsOf(table(["a", "b"], [[1, null], [2, 3]]), 1)).toEqual([{ a: 1, b: null }]);
});

test.each([["10 minutes", 600_000], ["1 second", 1000], ["500 ms", 500], ["1 fortnight", null], [undefined, null]])("a span of %s", (text, expected) => {
  expect(spanOf(text)).toBe(expected);
});

test("how far rows are behind the latest", () => {
  expect(behindOf(["2024-05-01 10:00:00", "2024-05-01 10:00:05.5", "2024-05-01 10:00:01", null, "no time"])).toEqual([0, 0, 4500, 0, 0]);
});
