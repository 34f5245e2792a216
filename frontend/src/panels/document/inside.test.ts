import { describe, expect, it } from "vitest";

import type { Compiled, Diagnostic } from "../../api/types";
import { readModel } from "../../document/model";
import { createEditor, diagnosticsOf, textOf } from "./editor";
import { insideEditor, placeInside } from "./inside";

const TEXT = `version: 1
name: p
components:
  cheap: {inputs: {rows: kept}, output: counts, nodes: [{id: kept, component: filter, properties: {condition: a > 1}}, {id: counts, component: keyed_counters}], edges: [{from: kept, to: counts}]}
  outer: {inputs: {rows: within}, output: within, nodes: [{id: within, component: cheap}]}
nodes:
  - {id: s, component: event_source}
  - {id: o, component: outer}
  - {id: c, component: cheap}
edges: [{from: s, to: o}, {from: s, to: c}]
`;
const schema = (column: string) => ({ columns: [{ name: column, type: "INT", time: null }] });
const problem = (node: string | null, message: string) => ({ severity: "error", code: "x", node, property: null, message, fixes: [{ label: "f", commands: [] }] }) as unknown as Diagnostic;
const COMPILED = {
  sql: "", lineage: { c: {} }, components: [], nodes: { s: schema("in"), c: schema("out"), o: schema("far") }, inner: { c__kept: schema("mid"), o__within__kept: schema("deep") },
  diagnostics: [problem("c", "inside, at 'kept': wrong"), problem("o", "inside, at 'within.kept': deep"), problem("s", "outside"),
    problem(null, "in the component 'cheap': there is no node 'gone' for 'counts'")],
} as unknown as Compiled;

const opened = (path: string[]) => {
  const outer = createEditor({ pipeline: 1, revision: 1, document: TEXT, layout: {} });
  outer.getState().checked(TEXT, COMPILED);
  const { editor, follow } = insideEditor(outer, path);
  return { outer, editor, end: follow() };
};
const set = { kind: "set_property", node: "kept", property: "condition", value: "a > 2" } as const;

describe("the editor of an inside", () => {
  it("changes the document as one step, and follows it", () => {
    const { outer, editor } = opened(["c"]);
    editor.getState().change(set, "Set it");
    expect(textOf(outer.getState())).toBe(TEXT.replace("a > 1", "a > 2"));
    expect(editor.getState().model.nodes[1]?.properties).toEqual({ condition: "a > 2" });
    expect(editor.getState().history.past.map((step) => step.label)).toEqual(["Set it"]);
    editor.getState().undo();
    expect(textOf(outer.getState())).toBe(TEXT);
    expect(editor.getState().model.nodes[1]?.properties).toEqual({ condition: "a > 1" });
    outer.getState().redo();
    expect(editor.getState().model.nodes[1]?.properties).toEqual({ condition: "a > 2" });
  });

  it("stays the same where the document changes elsewhere, and stops following", () => {
    const { outer, editor, end } = opened(["c"]);
    const before = editor.getState().model;
    outer.getState().change({ kind: "rename_label", node: "s", label: "S" }, "Rename");
    expect(editor.getState().model).toBe(before);
    end();
    outer.getState().change({ kind: "remove_nodes", nodes: ["c"] }, "Remove");
    expect(editor.getState().model).toBe(before);
  });

  it("knows the columns there, and what is wrong", () => {
    expect(Object.entries(opened(["c"]).editor.getState().compiled?.nodes ?? {})).toEqual([["kept", schema("mid")], ["counts", schema("out")], [":rows", schema("in")]]);
    expect(Object.entries(opened(["o", "within"]).editor.getState().compiled?.nodes ?? {})).toEqual([["kept", schema("deep")], ["counts", schema("far")], [":rows", schema("in")]]);
    const told = (path: string[]) => diagnosticsOf(opened(path).editor.getState()).map((each) => [each.node, each.message, each.fixes?.length]);
    const definition = ["counts", "in the component 'cheap': there is no node 'gone' for 'counts'", 0];
    expect(told(["c"])).toEqual([["kept", "wrong", 0], definition]);
    expect(told(["o"])).toEqual([["within", "inside, at 'kept': deep", 0]]);
    expect(told(["o", "within"])).toEqual([["kept", "deep", 0], definition]);
  });
});

it("a problem leads to where it is", () => {
  const model = readModel(TEXT);
  expect(COMPILED.diagnostics.map((each) => placeInside(each, model))).toEqual([
    { path: ["c"], node: "kept" }, { path: ["o", "within"], node: "kept" }, null, { path: ["c"], node: "counts" }]);
  expect(placeInside(problem(null, "in the component 'unused': x"), model)).toBeNull();
  expect(placeInside({ ...problem("c", "inside, at 'kept': wrong"), property: "limit" }, model)).toBeNull(); // it comes from there
});
