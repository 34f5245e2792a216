import { expect, test } from "vitest";
import { parse } from "yaml";

import type { PreviewAnswer } from "../../api/preview";
import { apply } from "../../document/commands";
import { readModel } from "../../document/model";
import { pin, sampleFile, testedBy, unpin } from "./commands";

const TEXT = "version: 1\nname: p\nnodes:\n  - {id: shop, component: event_source}\n  - {id: out, component: filter}\n";
const after = (text: string, change: (text: string) => Parameters<typeof apply>[1]) => apply({ text, layout: {} }, change(text)).pipeline.text;

test("rows are pinned, replaced and unpinned", () => {
  const one = after(TEXT, (text) => pin(readModel(text), "shop", [{ a: 1, at: "2024-05-01 10:00:00" }]));
  expect(readModel(one).samples).toEqual([{ node: "shop", rows: [{ a: 1, at: "2024-05-01 10:00:00" }], file: null }]);
  const two = after(one, (text) => pin(readModel(text), "out", [{ b: 2 }]));
  const three = after(two, (text) => pin(readModel(text), "shop", [{ a: 3 }]));
  expect(readModel(three).samples.map((each) => each.rows)).toEqual([[{ a: 3 }], [{ b: 2 }]]);
  const four = after(three, (text) => unpin(readModel(text), "out"));
  expect(readModel(four).samples.map((each) => each.node)).toEqual(["shop"]);
  expect(readModel(after(four, (text) => unpin(readModel(text), "shop"))).samples).toEqual([]);
  expect(after(four, (text) => unpin(readModel(text), "shop"))).not.toContain("samples");
});

test("a file stands in for a source's rows, by its name as CSV or JSON lines", () => {
  const lines = after(TEXT, (text) => sampleFile(readModel(text), "shop", "data/shop.jsonl"));
  expect(readModel(lines).samples).toEqual([{ node: "shop", rows: [], file: { path: "data/shop.jsonl", format: "json" } }]);
  const table = after(lines, (text) => sampleFile(readModel(text), "shop", "data/shop.CSV"));
  expect((parse(lines) as { samples: unknown }).samples).toEqual({ shop: { file: { path: "data/shop.jsonl", format: "json" } } }); // as the compiler reads it
  expect(readModel(table).samples[0]?.file).toEqual({ path: "data/shop.CSV", format: "csv" });
  expect(after(table, (text) => unpin(readModel(text), "shop"))).not.toContain("samples");
});

test("a test is given what is pinned, and expects the folded rows", () => {
  const model = readModel(after(TEXT, (text) => pin(readModel(text), "shop", [{ a: 1 }])));
  const column = { name: "n", type: "BIGINT", kind: "whole" as const, nullable: true, time: null };
  const output = { columns: [column], rows: [[1], [1], [2]], kinds: [0, 1, 2], total: 3, before_end: 3, profile: [], time: null };
  const counts = { rows_in: 1, rows_out: 1, held: 0, late: 0, is_sink: false, watermark: null };
  const answer: PreviewAnswer = { node: "out", nodes: { shop: counts, out: counts }, samples: {}, error: null, causes: [], diagnostics: [], notes: [], milliseconds: {}, inputs: [], output };
  expect(testedBy(model, answer)).toEqual({ given: { shop: [{ a: 1 }] }, node: "out", rows: [{ n: 2 }] });
  expect(testedBy(readModel(TEXT), answer)).toBeNull();
});
