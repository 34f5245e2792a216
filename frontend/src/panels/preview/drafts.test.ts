import { expect, test } from "vitest";

import type { PreviewColumn } from "../../api/preview";
import { draftsOf, duplicated, moved, readDrafts, wrongIn } from "./drafts";

const column = (name: string, kind: PreviewColumn["kind"], type = "STRING"): PreviewColumn => ({ name, type, kind, nullable: true, time: null });
const COLUMNS = [column("n", "whole", "BIGINT"), column("at", "moment"), column("tags", "nested"), column("ok", "truth"), column("money", "number", "DECIMAL(10, 2)")];

test("rows come back as they were typed, NULLs left out", () => {
  const rows = [{ n: 1, at: "2024-05-01 10:00:00", tags: ["a"], ok: false, money: "1.10" }, { n: "9223372036854775807", ok: null }];
  expect(readDrafts(draftsOf(rows, COLUMNS), COLUMNS)).toEqual([rows[0], { n: "9223372036854775807" }]);
});

test.each([
  [0, "12", false], [0, "1.5", true], [0, "", false], [1, "2024-05-01 10:00:00.5", false], [1, "yesterday", true], [2, "[1]", false], [2, "[1", true], [3, "TRUE", false], [3, "1", true], [4, "1e3", false],
])("column %d: %s", (at, text, wrong) => {
  expect(wrongIn(COLUMNS[at] as PreviewColumn, text)).toBe(wrong);
});

test("rows are moved and duplicated", () => {
  const drafts = draftsOf([{ n: 1 }, { n: 2 }], COLUMNS);
  const cells = (found: readonly { cells: readonly string[] }[]) => found.map((each) => each.cells[0]);
  expect(cells(moved(drafts, 1, -1))).toEqual(["2", "1"]);
  expect(cells(moved(drafts, 1, 1))).toEqual(["1", "2"]);
  expect(cells(duplicated(drafts, 0))).toEqual(["1", "1", "2"]);
  expect(new Set(duplicated(drafts, 0).map((each) => each.id)).size).toBe(3);
});
