import { describe, expect, it } from "vitest";

import type { Compiled, Diagnostic } from "../../api/types";
import { createEditor, textOf } from "../document/editor";
import { type Fix, alike, applyAll, applyFix, preview } from "./fixing";

const TEXT = `version: 1
name: x
nodes:
  - {id: a, component: filter, properties: {condition: prize > 1}}
  - {id: b, component: filter, properties: {condition: prize > 2}}
edges:
  - {from: a, to: b}
  - {from: b, to: c}
`;
const set = (node: string, value: string) => ({ kind: "set_property", node, property: "condition", value });
const fix = (label: string, ...commands: object[]): Fix => ({ label, commands: commands as Fix["commands"] });
const of = (node: string, fixes: Fix[], code = "unknown_column"): Diagnostic =>
  ({ code, severity: "error", node, property: "condition", message: "", hint: null, line: 1, column: 1, fixes });

function open() {
  const editor = createEditor({ pipeline: 1, revision: 1, document: TEXT, layout: {} });
  editor.getState().checked(TEXT, { diagnostics: [] } as unknown as Compiled);
  return editor;
}

describe("fixes", () => {
  it("are one step of undo, under their own name", () => {
    const editor = open();
    expect(applyFix(editor, fix("Use price", set("a", "price > 1"), set("b", "price > 2")))).toBe(true);
    expect(editor.getState().model.nodes.map((node) => node.properties.condition)).toEqual(["price > 1", "price > 2"]);
    expect(editor.getState().history.past.map((step) => step.label)).toEqual(["Use price"]);
    editor.getState().undo();
    expect(textOf(editor.getState())).toBe(TEXT);
  });

  it("are not done on a text that they were not made for", () => {
    const editor = open();
    editor.getState().change({ kind: "rename_label", node: "a", label: "A" }, "Rename");
    expect(applyFix(editor, fix("Use price", set("a", "price > 1")))).toBe(false);
  });

  it("that cannot be done change nothing", () => {
    const editor = open();
    expect(applyFix(editor, fix("Both", set("a", "price > 1"), set("gone", "1")))).toBe(false);
    expect(preview(editor.getState(), fix("Gone", set("gone", "1")))).toEqual([]);
    expect(textOf(editor.getState())).toBe(TEXT);
  });

  it("show what they change", () => {
    const lines = preview(open().getState(), fix("Use price", set("a", "price > 1")));
    expect(lines.map((line) => [line.kind, line.text.trim()])).toEqual([
      ["removed", "- {id: a, component: filter, properties: {condition: prize > 1}}"],
      ["added", "- {id: a, component: filter, properties: {condition: price > 1}}"]]);
  });

  it("of one kind are done together where they do not meet", () => {
    const editor = open();
    const all = [of("a", [fix("one", set("a", "price > 1")), fix("other", set("a", "1"))]), of("a", [fix("again", set("a", "price > 3"))]),
      of("b", [fix("two", set("b", "price > 2"))]), of("b", [fix("else", set("b", "0"))], "bad_value")];
    const chosen = alike(all, "unknown_column");
    expect(chosen.map((each) => each.label)).toEqual(["one", "two"]);
    expect(applyAll(editor, chosen, "Fix 2 problems")).toBe(true);
    expect(editor.getState().model.nodes.map((node) => node.properties.condition)).toEqual(["price > 1", "price > 2"]);
    editor.getState().undo();
    expect(textOf(editor.getState())).toBe(TEXT);
  });

  it("that remove items of one list are done one at a time: the numbers of the others change", () => {
    const cut = (index: number) => of("", [fix(`cut ${index}`, { kind: "set_in", path: ["edges", index] })], "unknown_node");
    expect(alike([cut(0), cut(1)], "unknown_node").map((each) => each.label)).toEqual(["cut 0"]);
  });

  it("that remove items of a list are not done with others in it, also inside of a component", () => {
    const at = ["components", "c", "edges"];
    const cut = of("", [fix("cut", { kind: "set_in", path: [...at, 0] })], "unknown_node");
    const meant = of("", [fix("meant", { kind: "set_in", path: [...at, 1, "to"], value: "b" })], "unknown_node");
    const elsewhere = of("", [fix("elsewhere", { kind: "set_in", path: ["edges", 1, "to"], value: "b" })], "unknown_node");
    const chosen = (...all: Diagnostic[]) => alike(all, "unknown_node").map((each) => each.label);
    expect(chosen(cut, meant, elsewhere)).toEqual(["cut", "elsewhere"]);
    expect(chosen(meant, cut, elsewhere)).toEqual(["meant", "elsewhere"]);
  });
});
