import { beforeEach, describe, expect, it } from "vitest";

import { readModel } from "../../document/model";
import { linesOf } from "./Outline";
import { foldedOf, groupNode, groupsOf, placesThroughFolds, throughFolds } from "./parts";
import { choose, toggle, useSelection } from "./selection";
import { rulesFor } from "./useGlow";
import type { Wire } from "./graph";

const wire = (source: string, target: string, port = "rows"): Wire => ({ id: `${source}>${target}.${port}`, source, target, port, relation: "rows" });
const WIRES = [wire("a", "b"), wire("b", "c"), wire("c", "d", "events"), wire("a", "d", "outcomes")];
const MODEL = readModel(`nodes: [{id: a, component: x}, {id: b, component: x}, {id: c, component: x}, {id: d, component: x}]
groups: [{id: g, label: Middle, nodes: [b, c], collapsed: true}]
`);

describe("what is selected", () => {
  beforeEach(() => choose({}));

  it("has one primary node, the one chosen last", () => {
    choose({ nodes: ["a", "b"] });
    expect(useSelection.getState().primary).toBe("b");
    toggle("c");
    expect(useSelection.getState()).toMatchObject({ nodes: new Set(["a", "b", "c"]), primary: "c" });
    toggle("c");
    expect(useSelection.getState()).toMatchObject({ nodes: new Set(["a", "b"]), primary: "b" });
  });

  it("tells nobody of a change that is none", () => {
    choose({ nodes: ["a"], edges: ["e"] });
    const before = useSelection.getState();
    choose({ nodes: ["a"], edges: ["e"] });
    expect(useSelection.getState()).toBe(before);
  });
});

describe("a folded group", () => {
  const folded = foldedOf(MODEL);

  it("has the wires of its nodes, once each, and not those within", () => {
    expect(throughFolds(WIRES, folded).map(({ source, target, port }) => [source, target, port])).toEqual([
      ["a", "g", null], ["g", "d", "events"], ["a", "d", "outcomes"]]);
    expect(throughFolds(WIRES, new Map())).toBe(WIRES);
  });

  it("stands at the corner of its nodes", () => {
    expect(placesThroughFolds({ a: [0, 0], b: [300, 80], c: [500, 20] }, folded)).toEqual({ a: [0, 0], g: [300, 20] });
    const [data] = groupsOf(MODEL, new Map());
    expect(data).toMatchObject({ label: "Middle", nodes: [], errors: 0 });
    const at = new Map([["b", { x: 300, y: 80 }], ["c", { x: 500, y: 20 }]]);
    const group = { id: "g", label: "Middle", nodes: ["b", "c"], errors: 0, troubled: null };
    expect(groupNode(group, true, at, false)).toMatchObject({ type: "folded", position: { x: 300, y: 20 } });
    expect(groupNode(group, false, at, false)).toMatchObject({ type: "frame", position: { x: 286, y: -8 }, width: 428, height: 172 });
  });
});

describe("the outline", () => {
  it("has groups, their nodes, and what opened nodes read", () => {
    const told = (groups: Parameters<typeof linesOf>[1], opened: string[]) =>
      linesOf(["a", "b", "c", "d"], groups, WIRES, new Set(opened)).map(({ kind, id, level, wire: read }) => `${level} ${kind} ${read?.source ?? id}`);
    expect(told(MODEL.groups, ["node d"])).toEqual(["1 node a", "1 group g", "1 node d", "2 wire c", "2 wire a"]);
    expect(told([{ id: "g", nodes: ["b", "c"], collapsed: false }], ["node b"])).toEqual([
      "1 node a", "1 group g", "2 node b", "3 wire a", "2 node c", "1 node d"]);
  });
});

describe("a wire that is drawn", () => {
  it("lights the ports that take it and fades the nodes that do not", () => {
    (globalThis as { CSS?: unknown }).CSS = { escape: (text: string) => text };
    const rules = rulesFor(new Map([["a", { legal: false, ports: [] }], ["b", { legal: false, ports: [{ port: "rows", why: "no" }] }],
      ["d", { legal: true, ports: [{ port: "events", why: null }, { port: "outcomes", why: "taken" }] }]]), { node: "a", backwards: false });
    expect(rules).toContain('.react-flow__node[data-id="b"] { opacity');
    expect(rules).toContain('[data-id="d"] .react-flow__handle[data-handleid="events"] {');
    expect(rules).not.toContain("outcomes");
    expect(rules).not.toContain('[data-id="a"]');
  });
});
