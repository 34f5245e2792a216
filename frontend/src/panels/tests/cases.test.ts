import { expect, test } from "vitest";

import { type Command, apply } from "../../document/commands";
import { readModel } from "../../document/model";
import { addTest, columnsOf, freeName, newTest, removeTest, setField, setRows, testFromPreview } from "./cases";

const TEXT = `version: 1
name: p
nodes:
  - {id: shop, component: event_source}
  - {id: out, component: table_sink}
samples:
  shop: {rows: [{a: 1}]}
`;

const after = (text: string, command: Command | null) => (command ? apply({ text, layout: {} }, command).pipeline.text : text);
const testsOf = (text: string) => readModel(text).tests;

test("a test is made, filled, renamed and removed, each as one command", () => {
  const model = readModel(TEXT);
  let text = after(TEXT, addTest(TEXT, newTest(model, "first", ["shop"], "out")));
  expect(testsOf(text)).toEqual([{ name: "first", given: { shop: [{ a: 1 }] }, expect: { out: [] }, ordered: false, parameters: {} }]);
  text = after(text, setRows(text, "first", "expect", "out", [{ b: 2 }]));
  text = after(text, setRows(text, "first", "given", "other", [{ c: 3 }]));
  text = after(text, setRows(text, "first", "given", "shop", undefined));
  text = after(text, setField(text, "first", "ordered", true));
  text = after(text, setField(text, "first", "name", "better"));
  expect(testsOf(text)).toEqual([{ name: "better", given: { other: [{ c: 3 }] }, expect: { out: [{ b: 2 }] }, ordered: true, parameters: {} }]);
  text = after(text, testFromPreview(text, freeName(readModel(text), "better"), { shop: [{ a: 1 }] }, "out", [{ a: 1 }]));
  expect(testsOf(text).map((each) => each.name)).toEqual(["better", "better 2"]);
  text = after(text, removeTest(text, "better"));
  text = after(text, removeTest(text, "better 2"));
  expect(text).toBe(TEXT);
});

test("a test that gives nothing yet is given rows; one that is not there stays so", () => {
  const text = `${TEXT}tests:\n  - {name: t, expect: {out: []}}\n`;
  expect(testsOf(after(text, setRows(text, "t", "given", "shop", [{ a: 1 }])))[0]?.given).toEqual({ shop: [{ a: 1 }] });
  expect(setRows(text, "u", "given", "shop", [])).toBeNull();
  expect(setField(text, "u", "name", "v")).toBeNull();
  expect(removeTest(text, "u")).toBeNull();
});

test("items of the list that are no tests do not shift the others", () => {
  const text = `${TEXT}tests:\n  - 7\n  - {name: t, expect: {out: []}}\n`;
  expect(after(text, setField(text, "t", "name", "u"))).toContain("{name: u, expect: {out: []}}");
});

test("columns are the compiler's, with their kinds, and those that only rows have", () => {
  const columns = [{ name: "n", type: "BIGINT NOT NULL", time: null }, { name: "at", type: "TIMESTAMP(3)", time: "ROWTIME" }, { name: "now", type: "TIMESTAMP_LTZ(3)", time: "PROCTIME" }];
  const compiled = { nodes: { out: { columns, time: "at", key: [], changelog: "I" } } } as unknown as Parameters<typeof columnsOf>[0];
  expect(columnsOf(compiled, "out", [{ n: 1, op: "+I" }]).map(({ name, kind }) => [name, kind])).toEqual([["n", "whole"], ["at", "moment"], ["op", "text"]]);
  expect(columnsOf(null, "out", [{ n: 1 }]).map(({ name }) => name)).toEqual(["n"]);
});
