import { describe, expect, it } from "vitest";
import { changesBetween, describe as words } from "./changes";
import { countChanges, hunks, lineDiff } from "./diff";
import { applyEdits, editBetween, invertEdits } from "./edits";
import { rangeOf, readModel } from "./model";
import { nodeAt, nodeSpans } from "./spans";

describe("edits", () => {
  it("are made together and taken back", () => {
    const edits = [{ from: 4, to: 5, insert: "" }, { from: 0, to: 1, insert: "xyz" }, { from: 2, to: 2, insert: "!" }];
    expect(applyEdits("abcdef", edits)).toBe("xyzb!cdf");
    expect(applyEdits("xyzb!cdf", invertEdits("abcdef", edits))).toBe("abcdef");
    expect(() => applyEdits("abc", [{ from: 0, to: 2, insert: "" }, { from: 1, to: 3, insert: "" }])).toThrow(RangeError);
    expect(applyEdits("banana", editBetween("banana", "bananana"))).toBe("bananana");
  });
});

describe("a diff by lines", () => {
  it("is the shortest", () => {
    const lines = lineDiff("a\nb\nc\na\nb\nb\na", "c\nb\na\nb\na\nc"); // the example of Myers' paper: 5 differences
    expect(countChanges(lines)).toEqual({ added: 2, removed: 3 });
    expect(lines.filter((line) => line.kind !== "added").map((line) => line.text).join("\n")).toBe("a\nb\nc\na\nb\nb\na");
    expect(lines.filter((line) => line.kind !== "removed").map((line) => line.text).join("\n")).toBe("c\nb\na\nb\na\nc");
  });

  it("numbers lines and leaves out what is far from changes", () => {
    const text = Array.from({ length: 20 }, (_, i) => `line ${i}`);
    const lines = lineDiff(text.join("\n"), text.with(10, "other").join("\n"));
    expect(lines.filter((line) => line.kind !== "same")).toEqual([
      { kind: "removed", text: "line 10", before: 11, after: null }, { kind: "added", text: "other", before: null, after: 11 }]);
    expect(hunks(lines, 1).map((line) => line?.text ?? null)).toEqual([null, "line 9", "line 10", "other", "line 11", null]);
    expect(hunks(lineDiff("a", "a"))).toEqual([null]);
  });

  it("gives up on being shortest for texts that share nothing", () => {
    const a = Array.from({ length: 3000 }, (_, i) => `a${i}`).join("\n");
    const b = Array.from({ length: 3000 }, (_, i) => `b${i}`).join("\n");
    expect(countChanges(lineDiff(a, b))).toEqual({ added: 3000, removed: 3000 });
  });
});

const BEFORE = `name: p
parameters: {n: {default: 3, description: how many}}
nodes:
  - {id: a, component: event_source}
  - {id: b, component: filter, properties: {condition: x > 1}}
edges:
  - {from: a, to: b}
`;

describe("changes in meaning", () => {
  it("are none where only comments, order and layout differ", () => {
    const after = `# said again\n${BEFORE}layout: {a: [1, 2]}\n`;
    expect(changesBetween(BEFORE, after)).toEqual([]);
  });

  it("name nodes, properties, edges and parameters", () => {
    const after = BEFORE.replace("x > 1", "x > 2").replace("default: 3", "default: 4")
      .replace("  - {from: a, to: b}", "  - {from: a, to: c.rows}").replace("edges:", "  - {id: c, component: union}\nedges:");
    expect(changesBetween(BEFORE, after).map(words)).toEqual(["parameter n changed", "node b.condition changed", "node c new",
      "edge a to c.rows new", "edge a to b removed"]);
  });

  it("name what is switched off, components, samples and tests; groups and notes are none", () => {
    const more = `${BEFORE}components: {own: {output: x, nodes: [{id: x, component: filter}]}}\ntests: [{name: t, given: {a: []}}]\ngroups: [{id: g, nodes: [a]}]\n`;
    const after = more.replace("component: filter, properties", "component: filter, disabled: true, properties").replace("id: x,", "id: x, label: X,")
      .replace("given: {a: []}", "given: {a: [{x: 1}]}").replace("groups:", "samples: {a: {rows: []}}\ngroups:").replace("id: g", "id: other");
    expect(changesBetween(more, after).map(words)).toEqual(["node b.disabled changed", "component own changed", "sample a new", "test t changed"]);
  });
});

describe("a model", () => {
  it("is as much as can be read of a broken text", () => {
    const model = readModel("name: p\nnodes:\n  - {id: a, component: filter}\n  - {id: a}\n  - 7\n  - component: x\nedges: [3, {from: a}]\nx: [");
    expect(model.nodes.map(({ id, component }) => [id, component])).toEqual([["a", "filter"]]);
    expect(model.edges).toEqual([]);
    expect(model.problems.length).toBeGreaterThan(0);
    expect(readModel("").nodes).toEqual([]);
    expect(readModel("- 1").name).toBe("");
  });

  it("reads words as the compiler does: YAML 1.1, dates as texts", () => {
    const properties = "{a: yes, b: 2024-01-01, c: 'yes', d: 017, <<: x, e: y, on: off}";
    const model = readModel(`nodes: [{id: a, component: x, properties: ${properties}}]`);
    expect(model.nodes[0]?.properties).toEqual({ a: true, b: "2024-01-01", c: "yes", d: 15, "<<": "x", e: "y", on: false });
  });

  it("knows where nodes and properties stand", () => {
    const [from, to] = rangeOf(BEFORE, "b", "condition") ?? [0, 0];
    expect(BEFORE.slice(from, to)).toBe("condition: x > 1");
    expect(BEFORE.slice(...(rangeOf(BEFORE, "a") ?? [0, 0]))).toBe("{id: a, component: event_source}");
    expect(BEFORE.slice(...(rangeOf(BEFORE, "b", "other") ?? [0, 0]))).toContain("id: b");
    expect(rangeOf(BEFORE, "none")).toBeNull();
  });
});

describe("spans of the SQL", () => {
  it("count characters, not UTF-16 units", () => {
    const sql = "-- 🎈🎈\nSELECT a;\nSELECT b;";
    const spans = nodeSpans(sql, [{ node: "a", span: [6, 15] }, { node: null, span: [0, 3] }, { node: "b", span: [16, 25] }]);
    expect(spans.map(({ from, to }) => sql.slice(from, to))).toEqual(["SELECT a;", "SELECT b;"]);
    expect(nodeAt(spans, sql.indexOf("b;"))).toBe("b");
    expect(nodeAt(spans, 0)).toBeNull();
    expect(nodeSpans("ab", [{ node: "n", span: [0, 2] }])).toEqual([{ node: "n", from: 0, to: 2 }]);
  });
});
