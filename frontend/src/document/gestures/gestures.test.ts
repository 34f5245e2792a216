import { describe, expect, it } from "vitest";
import { readFileSync } from "node:fs";
import { readModel } from "../model";
import { PORTS, document, ids, made, model, wires } from "./fixture";
import {
  addNode, addNote, align, connectWire, copyNodes, cyclePort, distribute, duplicate, editNote, find, freshId, group, judge, judgeSplice, neighbours, pasteNodes,
  predecessors, reconnect, remove, removeHealing, removeNote, setCollapsed, splice, successors, toggleDisabled, ungroup, upstream, downstream,
} from ".";

const SHOP = readFileSync(new URL("../../../../examples/shop.yaml", import.meta.url), "utf8");
const at = (text: string, layout = {}) => ({ text, layout });
const shop = readModel(SHOP);

const CHAIN = document(["a event_source", "b filter", "c select", "d table_sink"], ["a b", "b c", "c d"]);
const chain = readModel(CHAIN);

describe("a wire", () => {
  const cases: Array<[string, string, string, string | undefined, string]> = [
    ["goes to the first input that takes it", "vectors", "labelled", undefined, "the input “events” has a wire already, from “vectors”|they are connected already"],
    ["ends at the input of its relation", "model", "predicted", undefined, "they are connected already"],
    ["is refused where the relation is another", "model", "computed", undefined, "the input “rows” takes rows, this is a model"],
    ["is refused at a port that takes something else", "model", "predicted", "rows", "the input “rows” takes rows, this is a model"],
    ["is refused in a circle", "scored", "shop", undefined, "“shop” has no input"],
    ["closes no circle", "answers", "impressions", undefined, "the input “rows” has a wire already, from “shop”"],
    ["needs an output", "hourly", "computed", undefined, "“hourly” has no output"],
    ["needs the input", "clicks", "computed", "other", "“computed” has no input “other”"],
    ["is not to itself", "clicks", "clicks", undefined, "a node cannot feed itself"],
  ];
  it.each(cases)("%s", (_, from, to, port, why) => {
    expect(why.split("|")).toContain(judge(shop, PORTS, from, to, port).why);
  });

  it("closes no circle, said with both ends", () => {
    const free = readModel(document(["a event_source", "b union", "c filter"], ["a b", "b c"]));
    expect(judge(free, PORTS, "c", "b").why).toBe("that would be a circle: “b” feeds “c”");
    expect(judge(free, PORTS, "a", "c").why).toContain("has a wire already");
    expect(judge(free, PORTS, "nobody", "c").why).toContain("nobody");
  });

  it("names its input where the node has several, and goes to a free one", () => {
    const nodes = ["a event_source", "b event_source", "j label_join"];
    const first = made(at(document(nodes)), connectWire(model(nodes), PORTS, "a", "j"));
    expect(wires(first)).toEqual(["a j.events"]);
    const second = made(at(first.text), connectWire(first, PORTS, "b", "j"));
    expect(wires(second)).toEqual(["a j.events", "b j.outcomes"]);
    expect(() => connectWire(second, PORTS, "a", "j")).toThrow("connected already");
  });

  it("goes elsewhere, and to the next input that fits", () => {
    const text = document(["a event_source", "b event_source", "j label_join"], ["a j.events"]);
    const now = readModel(text);
    const edge = now.edges[0] ?? { from: "", to: "", port: "" };
    expect(wires(made(at(text), reconnect(now, PORTS, edge, { from: "b" })))).toEqual(["b j.events"]);
    expect(wires(made(at(text), reconnect(now, PORTS, edge, { port: "outcomes" })))).toEqual(["a j.outcomes"]);
    const cycled = cyclePort(now, PORTS, edge);
    expect(cycled && wires(made(at(text), cycled))).toEqual(["a j.outcomes"]);
    expect(cyclePort(chain, PORTS, { from: "a", to: "b", port: "" })).toBeNull();
  });
});

describe("nodes", () => {
  it("get readable ids", () => {
    expect(freshId(chain, "filter")).toBe("filter");
    expect(freshId(model(["filter filter", "filter2 filter"]), "filter")).toBe("filter3");
    expect(freshId(chain, "9 Lives!")).toBe("Lives");
  });

  it("come wired, behind one, before one, between two", () => {
    const behind = addNode(chain, PORTS, { component: "filter", after: { node: "a" }, at: [10.4, 20] });
    const now = made(at(CHAIN), behind.command);
    expect([behind.id, wires(now).at(-1), now.places.filter]).toEqual(["filter", "a filter", [10, 20]]);
    const nodes = ["a event_source", "c select"];
    const ahead = made(at(document(nodes)), addNode(model(nodes), PORTS, { component: "filter", before: { node: "c" } }).command);
    expect(wires(ahead)).toEqual(["filter c"]);
    const between = made(at(CHAIN), addNode(chain, PORTS, { component: "rolling_feature", onEdge: { from: "b", to: "c", port: "" } }).command);
    expect(wires(between)).toEqual(["a b", "c d", "b rolling_feature", "rolling_feature c"]);
    expect(() => addNode(chain, PORTS, { component: "table_sink", onEdge: { from: "b", to: "c", port: "" } })).toThrow("no output");
  });

  it("are put on a wire, where they fit", () => {
    const text = document(["a event_source", "b filter", "m train_online_model", "d table_sink"], ["a d"]);
    const now = readModel(text);
    const edge = { from: "a", to: "d", port: "" };
    expect(wires(made(at(text), splice(now, PORTS, "b", edge)))).toEqual(["a b", "b d"]);
    expect(judgeSplice(now, PORTS, "b", edge)).toBeNull();
    expect(judgeSplice(now, PORTS, "m", edge)).toBe("the input “rows” takes rows, this is a model");
    expect(judgeSplice(now, PORTS, "d", edge)).toContain("already");
  });

  it("leave a healed chain behind, only where it fits", () => {
    expect(wires(made(at(CHAIN), removeHealing(chain, PORTS, ["b"])))).toEqual(["c d", "a c"]);
    expect(wires(made(at(CHAIN), removeHealing(chain, PORTS, ["b", "c"])))).toEqual(["a d"]);
    expect(wires(made(at(CHAIN), removeHealing(chain, PORTS, ["a", "c"])))).toEqual(["b d"]);
    const healed = made(at(SHOP), removeHealing(shop, PORTS, ["model", "labelled"]));
    expect(wires(healed).filter((wire) => wire.includes("predicted.model"))).toEqual([]); // rows are no model
    expect(wires(made(at(SHOP), removeHealing(shop, PORTS, ["recent"]))).slice(-3)).toEqual(["impressions computed", "impressions user_features", "impressions item_features"]);
  });

  it("take along what names them", () => {
    const more = "groups:\n  - {id: g, nodes: [b, c]}\n  - {id: h, nodes: [d]}\nsamples:\n  a: {rows: [{x: 1}]}\ntests:\n  - name: t\n    given: {a: [{x: 1}]}\n    expect: {c: [{x: 1}]}\n";
    const text = document(["a event_source", "b filter", "c select", "d table_sink"], ["a b", "b c", "c d"], more);
    const now = made(at(text, { d: [1, 2] }), remove(readModel(text), ["a", "b", "d"]));
    expect([ids(now), now.groups, now.samples, now.places]).toEqual([["c"], [{ id: "g", label: "", nodes: ["c"], collapsed: false }], [], {}]);
    expect(now.tests[0]).toMatchObject({ given: {}, expect: { c: [{ x: 1 }] } });
  });

  it("come twice", () => {
    const now = made(at(SHOP, { clicks: [5, 5] }), duplicate(shop, ["impressions", "recent", "clicks"], { clicks: [5, 5] }).command);
    expect(ids(now).slice(-3)).toEqual(["impressions2", "clicks2", "recent2"]);
    expect(wires(now).slice(shop.edges.length)).toEqual(["impressions2 recent2"]);
    expect(now.nodes.at(-1)?.properties).toEqual(shop.nodes.find((node) => node.id === "recent")?.properties);
    expect(now.places.clicks2).toEqual([45, 45]);
    expect(wires(made(at(CHAIN), duplicate(chain, ["b", "c"], {}, true).command)).slice(3)).toEqual(["a b2", "b2 c2"]);
  });

  it("are switched off and on", () => {
    const off = made(at(SHOP), toggleDisabled(shop, ["clicks", "recent"]));
    expect(off.nodes.filter((node) => node.disabled).map((node) => node.id)).toEqual(["clicks", "recent"]);
    expect(made(at(off.text), toggleDisabled(off, ["clicks", "recent"])).text).toBe(SHOP);
  });
});

describe("groups and notes", () => {
  it("come, fold, and go", () => {
    const { command, id } = group(chain, ["b", "c"], "Middle");
    const one = made(at(CHAIN), command);
    expect(one.groups).toEqual([{ id, label: "Middle", nodes: ["b", "c"], collapsed: false }]);
    expect(one.text).toContain("groups:\n  - {id: group, label: Middle, nodes: [b, c]}\n");
    expect(made(at(one.text), setCollapsed(one, id, true)).groups[0]?.collapsed).toBe(true);
    const two = made(at(one.text), group(one, ["b", "c", "d"]).command);
    expect(two.groups).toEqual([{ id: "group2", label: "", nodes: ["b", "c", "d"], collapsed: false }]);
    expect(made(at(two.text), ungroup(two, "group2")).groups).toEqual([]);
    expect(() => group(chain, ["nobody"])).toThrow("no nodes");
    expect(() => ungroup(chain, "g")).toThrow("“g”");
  });

  it("are written, and stand somewhere", () => {
    const { command, id } = addNote(chain, "Look:\n- here", [1, 2, 30, 40]);
    const one = made(at(CHAIN), command);
    expect([one.notes, one.places[id]]).toEqual([[{ id: "note", text: "Look:\n- here" }], [1, 2, 30, 40]]);
    expect(made(at(one.text), editNote(one, id, "other")).notes[0]?.text).toBe("other");
    expect(made(at(one.text, one.places), removeNote(one, id))).toMatchObject({ notes: [], places: {} });
  });
});

describe("places", () => {
  const places = { a: [0, 0], b: [100, 30], c: [500, 200] } as const;
  it("in line and at equal distances", () => {
    expect(align(places, ["a", "b", "c"], "left")).toEqual({ kind: "move_nodes", positions: { a: [0, 0], b: [0, 30], c: [0, 200] } });
    expect(align(places, ["a", "b"], "bottom")).toEqual({ kind: "move_nodes", positions: { a: [0, 30], b: [100, 30] } });
    expect(align(places, ["a", "c"], "middle")).toEqual({ kind: "move_nodes", positions: { a: [0, 100], c: [500, 100] } });
    expect(distribute(places, ["a", "b", "c"], "y")).toEqual({ kind: "move_nodes", positions: { a: [0, 0], b: [100, 100], c: [500, 200] } });
    expect(distribute(places, ["a", "b"], "x")).toEqual({ kind: "move_nodes", positions: {} });
  });
});

describe("ways through the graph", () => {
  it("lead up, down, and to neighbours", () => {
    expect(upstream(shop, "labelled")).toEqual(["vectors", "clicks", "computed", "shop", "recent", "impressions"]);
    expect(downstream(shop, "predicted")).toEqual(["answers", "predictions", "scored", "hourly", "at_the_end"]);
    expect(neighbours(shop, "recent", "right")).toEqual(["computed", "user_features", "item_features"]);
    expect(neighbours(shop, "predicted", "left")).toEqual(["vectors", "model"]);
    expect(neighbours(shop, "user_features", "up")).toEqual(["computed"]);
    expect(neighbours(shop, "user_features", "down")).toEqual(["item_features"]);
    expect(upstream(model(["a filter", "b filter"], ["a b", "b a"]), "a")).toEqual(["b"]);
  });

  it("end at what can come next, the likeliest first", () => {
    const next = (node: string) => successors(shop, PORTS, node).map((each) => each.component);
    expect(next("model")).toEqual(["predict"]);
    expect(next("hourly")).toEqual([]);
    expect(next("shop").slice(0, 2)).toEqual(["filter", "select"]);
    expect(next("vectors").slice(0, 2).sort()).toEqual(["predict", "train_online_model"]);
    expect(next("shop").indexOf("rolling_feature")).toBeLessThan(next("shop").indexOf("union"));
    expect(next("shop")).not.toContain("event_source");
    expect(predecessors(shop, PORTS, "predicted", "model").map((each) => each.component)).toEqual(["train_online_model"]);
    expect(predecessors(shop, PORTS, "predicted").map((each) => each.component)).not.toContain("train_online_model");
  });

  it("are found by what people remember", () => {
    const schemas = { recent: { columns: [{ name: "seen", type: "BIGINT" }] } };
    const hits = (query: string) => find(shop, schemas, query).map(({ node, where }) => `${node} ${where}`);
    expect(hits("clicks")).toEqual(["clicks name"]);
    expect(hits("model")[0]).toBe("model name");
    expect(hits("hour by hour")).toEqual(["hourly label"]);
    expect(hits("seen")).toEqual(["recent column", "user_features property", "computed property"]);
    expect(hits("10 minutes")).toEqual(["recent property", "labelled property", "scored property"]);
    expect(find(shop, {}, "LN(", new Map())[0]).toMatchObject({ node: "computed", property: "compute", text: "compute: LN(price) - 3E0" });
    expect(hits("  ")).toEqual([]);
    expect(hits("learn online", )).toEqual([]);
    expect(find(shop, {}, "learn online", new Map([["train_online_model", "Learn online"]]))[0]?.node).toBe("model");
  });
});

describe("the clipboard", () => {
  it("is readable JSON, and comes back under other names", () => {
    const text = copyNodes(chain, { b: [10, 20], c: [300, 20] }, ["b", "c"]);
    expect(JSON.parse(text)).toEqual({ version: 1, nodes: [{ id: "b", component: "filter" }, { id: "c", component: "select" }],
      edges: [{ from: "a", to: "b" }, { from: "b", to: "c" }], layout: { b: [10, 20], c: [300, 20] } });
    const pasted = pasteNodes(chain, PORTS, text, { at: [0, 0] });
    const now = made(at(CHAIN), pasted.command);
    expect([pasted.ids, wires(now).slice(3), now.places]).toEqual([["b2", "c2"], ["b2 c2"], { b2: [0, 0], c2: [290, 0] }]);
    expect(wires(made(at(CHAIN), pasteNodes(chain, PORTS, text, { keepWires: true }).command)).slice(3)).toEqual(["a b2", "b2 c2"]);
  });

  it("goes into another pipeline, and says what could not come along", () => {
    const other = document(["x event_source"]);
    const pasted = pasteNodes(readModel(other), PORTS, copyNodes(chain, {}, ["b", "c"]), { keepWires: true });
    expect(ids(made(at(other), pasted.command))).toEqual(["x", "b", "c"]);
    expect(pasted.problems).toEqual(["the wire from “a” to “b” was left out: there is no such node here"]);
    expect(ids(made(at(other), pasteNodes(readModel(other), PORTS, SHOP).command))).toHaveLength(shop.nodes.length + 1);
    expect(() => pasteNodes(chain, PORTS, "hello")).toThrow("no nodes");
    expect(() => pasteNodes(chain, PORTS, "{nodes: [")).toThrow("no nodes");
  });

  it("brings the parameters and components along that nodes need", () => {
    const pasted = made(at(CHAIN), pasteNodes(chain, PORTS, copyNodes(shop, {}, ["at_the_end", "clicks"])).command);
    expect(pasted.parameters).toEqual(shop.parameters.filter((each) => each.name === "judge_from"));
    expect(pasteNodes(shop, PORTS, copyNodes(shop, {}, ["at_the_end"])).command).toMatchObject({ commands: [{ kind: "add_node" }] });
    const own = document(["s scored"], [], "components:\n  scored: {inputs: {rows: f.rows}, output: f, nodes: [{id: f, component: inner}]}\n  inner: {output: g, nodes: [{id: g, component: filter}]}\n  other: {}\n");
    const there = pasteNodes(chain, PORTS, copyNodes(readModel(own), {}, ["s"]));
    expect(made(at(CHAIN), there.command).components.map((each) => each.name)).toEqual(["scored", "inner"]);
    const differs = readModel(CHAIN + "components:\n  scored: {output: x, nodes: [{id: x, component: filter}]}\n");
    expect(pasteNodes(differs, PORTS, copyNodes(readModel(own), {}, ["s"])).problems).toEqual(["the component “scored” is another one here: the nodes of it are what it is here"]);
  });

  it("leaves columns alone where what they come from is here", () => {
    const pasted = pasteNodes(shop, PORTS, copyNodes(shop, {}, ["computed"]), { columns: [{ name: "user", type: "BIGINT" }] });
    expect([pasted.problems, made(at(SHOP), pasted.command).nodes.at(-1)?.properties]).toEqual([[], shop.nodes.find((node) => node.id === "computed")?.properties]);
  });

  it("binds columns to those that are there", () => {
    const text = copyNodes(shop, {}, ["recent", "computed"], { impressions: { columns: [{ name: "user_id", type: "BIGINT" }, { name: "price", type: "DOUBLE" }] } });
    const columns = [{ name: "user", type: "BIGINT" }, { name: "Price", type: "DOUBLE" }, { name: "price_text", type: "STRING" }, { name: "event_time", type: "TIMESTAMP(3)" }];
    const pasted = pasteNodes(chain, PORTS, text, { columns });
    const now = made(at(CHAIN), pasted.command);
    expect(now.nodes.find((node) => node.id === "recent")?.properties).toMatchObject({ keys: "user", time: "event_time", features: { seen: "COUNT(*)" } });
    expect(now.nodes.find((node) => node.id === "computed")?.properties).toMatchObject({
      keep: ["impression_id", "user", "item_id", "category_id", "device", "p_true", "event_time"],
      compute: { recent: "CASE WHEN seen > 9 THEN 8 ELSE seen - 1 END", price: "LN(Price) - 3E0" } });
    expect(pasted.problems.map((problem) => problem.split("“")[2]?.split("”")[0])).toEqual(["impression_id", "item_id", "category_id", "device", "p_true", "hour_of_day"]);
  });
});
