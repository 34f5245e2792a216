import { expect, test } from "vitest";

import type { Recognised } from "../../api/recognise";
import { stretchAt, stretchesOf } from "./recognition";

const SQL = "CREATE VIEW 😀 AS SELECT a + 1 AS b FROM t";
const answer = {
  spans: [
    { node: "v", property: "compute", path: ["b"], span: [24, 29] },
    { node: "v", property: "", path: [], span: [0, 41] },
  ],
} as unknown as Recognised;

test("spans are of the text, also behind characters that are two in JavaScript", () => {
  const stretches = stretchesOf(SQL, answer);
  expect(stretches.map(({ property, from, to }) => [property, SQL.slice(from, to)])).toEqual([
    ["", SQL],
    ["compute", "a + 1"],
  ]);
});

test("a place belongs to the smallest stretch around it", () => {
  const stretches = stretchesOf(SQL, answer);
  expect(stretchAt(stretches, SQL.indexOf("+"))?.property).toBe("compute");
  expect(stretchAt(stretches, 3)?.property).toBe("");
  expect(stretchAt(stretches, SQL.length + 5)).toBeNull();
});
