import { describe, expect, it } from "vitest";

import { type Command, apply } from "./commands";
import { componentAt, insideText, isEnd, lineInside, outward, users } from "./inside";
import { readModel } from "./model";

const TEXT = `version: 1
name: p
components:
  cheap:
    title: Cheap ones # kept
    inputs: {rows: kept}
    output: counts
    properties:
      limit: {kind: number, default: 10}
    nodes:
      # the first
      - {id: kept, component: filter, properties: {condition: "price < \${limit}"}}
      - {id: counts, properties: {keys: user_id}, component: keyed_counters}
    edges: [{from: kept, to: counts}]
  outer: {inputs: {rows: within}, output: within, nodes: [{id: within, component: cheap}]}
nodes:
  - {id: s, component: event_source}
  - {id: o, component: outer}
  - {id: c, component: cheap}
edges: [{from: s, to: o}, {from: s, to: c}]
`;
const model = readModel(TEXT);
const own = (path: string[]) => { const found = componentAt(model, path); if (!found) throw new Error(path.join()); return found; };
const cheap = own(["c"]);
const inner = insideText(model, cheap);
/** The document after an edit of the inside. */
const done = (command: Command) => {
  const after = apply({ text: inner, layout: {} }, command).pipeline.text;
  return apply({ text: TEXT, layout: {} }, outward(cheap, inner, after)).pipeline.text;
};

describe("the inside of a component", () => {
  it("is found by the way of nodes that leads there", () => {
    expect(componentAt(model, ["o", "within"])?.name).toBe("cheap");
    expect([componentAt(model, ["s"]), componentAt(model, ["o", "gone"]), componentAt(model, ["gone"])]).toEqual([null, null, null]);
    expect([users(model, "cheap"), users(model, "outer")]).toEqual([2, 1]);
  });

  it("is a document with a node for each input and one for the output", () => {
    const drawn = readModel(inner);
    expect(drawn.problems).toEqual([]);
    expect(drawn.nodes.map((node) => [node.id, node.component, node.label])).toEqual([[":rows", ":rows", "rows"], ["kept", "filter", ""], ["counts", "keyed_counters", ""],
      [":", ":", "output"]]);
    expect(drawn.edges.map(({ from, to }) => `${from} ${to}`)).toEqual([":rows kept", "kept counts", "counts :"]);
    expect(drawn.parameters).toEqual([{ name: "limit", default: "10", description: "" }]);
    expect(drawn.nodes.filter((node) => isEnd(node.id))).toHaveLength(2);
  });
});

it("a node inside stands at a line of the document", () => {
  const line = (what: string) => TEXT.split("\n").findIndex((each) => each.includes(what)) + 1;
  expect([lineInside(TEXT, "cheap", "counts"), lineInside(TEXT, "outer", "within"), lineInside(TEXT, "cheap", "gone")]).toEqual([line("{id: counts"), line("outer:"), line("title:")]);
});

describe("what is edited inside", () => {
  it("is a small change of the definition, and of nothing else", () => {
    expect(done({ kind: "set_property", node: "kept", property: "condition", value: "price < 3" })).toBe(TEXT.replace('"price < ${limit}"', "price < 3"));
    expect(done({ kind: "rename_node", node: "kept", to: "low" })).toBe(TEXT.replace("{rows: kept}", "{rows: low}").replace("{id: kept,", "{id: low,").replace("{from: kept,", "{from: low,"));
  });

  it("may be nodes and wires, whose ends are inputs and output", () => {
    const text = done({ kind: "all", commands: [
      { kind: "add_node", id: "late", component: "filter" }, { kind: "disconnect", from: "counts", to: ":", port: "" },
      { kind: "connect", from: "counts", to: "late" }, { kind: "connect", from: "late", to: ":" }] });
    expect(componentAt(readModel(text), ["c"])).toMatchObject({ output: "late", inputs: [{ name: "rows", node: "kept", port: "" }],
      edges: [{ from: "kept", to: "counts" }, { from: "counts", to: "late" }] });
    expect(text).toContain("Cheap ones # kept");
    expect(text).toContain("# the first");
  });

  it("brings components along", () => {
    const text = done({ kind: "set_in", path: ["components", "more"], value: { output: "f", nodes: [{ id: "f", component: "filter" }] } });
    expect(readModel(text).components.map((each) => each.name)).toEqual(["cheap", "outer", "more"]);
  });

  it.each<[string, Command, string]>([
    ["a node of an input that goes", { kind: "remove_nodes", nodes: [":rows"] }, "keeps its inputs"],
    ["an output that is renamed", { kind: "rename_label", node: ":", label: "x" }, "keeps its inputs"],
    ["an input that feeds nothing", { kind: "disconnect", from: ":rows", to: "kept" }, "the input “rows” feeds exactly one node"],
    ["an input that feeds two", { kind: "connect", from: ":rows", to: "counts" }, "the input “rows” feeds exactly one node"],
    ["no output", { kind: "disconnect", from: "counts", to: ":" }, "one node gives the output"],
    ["a group", { kind: "set_in", path: ["groups"], value: [{ id: "g", nodes: ["kept"] }] }, "groups and notes"],
    ["a place", { kind: "move_nodes", positions: { kept: [1, 2] } }, "placed by themselves"],
  ])("is refused: %s", (_, command, why) => {
    expect(() => done(command)).toThrow(why);
  });
});
