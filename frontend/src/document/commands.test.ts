import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Command, CommandError, type Pipeline, apply, replaceText } from "./commands";
import { readModel } from "./model";


const SMALL = `# about clicks
version: 1
name: small
nodes:
  # where it comes from
  - id: events
    component: event_source   # a topic
    properties:
      columns:
        user: BIGINT   # who
        price: DOUBLE
      time: at
  - {id: dear, component: filter, properties: {condition: price > 3}}

  - id: out
    component: table_sink
edges:
  - {from: events, to: dear}   # first
  - {from: dear, to: out.rows}
`;

function done(text: string, command: Command): string {
  const { pipeline, inverse } = apply({ text, layout: {} }, command);
  expect(apply(pipeline, inverse).pipeline.text).toBe(text);
  return pipeline.text;
}

describe("commands leave everything else as it was", () => {
  const cases: Array<[string, Command, string, string]> = [
    ["a text in one line", { kind: "set_property", node: "dear", property: "condition", value: "price > 4 AND user = 'a,b'" },
      "{condition: price > 3}", "{condition: \"price > 4 AND user = 'a,b'\"}"],
    ["a value in a block", { kind: "set_property", node: "events", property: "time", value: "seen" }, "time: at", "time: seen"],
    ["a value inside a value, with its comments", { kind: "set_property", node: "events", property: "columns",
      value: { user: "BIGINT", price: "DECIMAL(9, 2)", at: "TIMESTAMP(3)" } },
    "        price: DOUBLE\n", "        price: DECIMAL(9, 2)\n        at: TIMESTAMP(3)\n"],
    ["a new property in a block", { kind: "set_property", node: "events", property: "delay", value: "2 seconds" },
      "      time: at\n", "      time: at\n      delay: 2 seconds\n"],
    ["a new property in one line", { kind: "set_property", node: "dear", property: "limit", value: 3 },
      "price > 3}", "price > 3, limit: 3}"],
    ["the first property", { kind: "set_property", node: "out", property: "columns", value: ["user", "price"] },
      "    component: table_sink\n", "    component: table_sink\n    properties: {columns: [user, price]}\n"],
    ["a default again", { kind: "set_property", node: "events", property: "time", value: undefined }, "      time: at\n", ""],
    ["the last property", { kind: "set_property", node: "dear", property: "condition", value: undefined },
      ", properties: {condition: price > 3}", ""],
    ["a label behind the component", { kind: "rename_label", node: "events", label: "All: events" },
      "# a topic\n", "# a topic\n    label: \"All: events\"\n"],
    ["a label in one line", { kind: "rename_label", node: "dear", label: "yes" },
      "component: filter, ", "component: filter, label: \"yes\", "],
    ["an edge", { kind: "connect", from: "events", to: "out", port: "rows" },
      "  - {from: dear, to: out.rows}\n", "  - {from: dear, to: out.rows}\n  - {from: events, to: out.rows}\n"],
    ["an edge less", { kind: "disconnect", from: "events", to: "dear" }, "  - {from: events, to: dear}   # first\n", ""],
    ["a node", { kind: "add_node", id: "late", component: "union" },
      "    component: table_sink\n", "    component: table_sink\n  - id: late\n    component: union\n"],
  ];
  it.each(cases)("%s", (_, command, before, after) => {
    expect(SMALL).toContain(before);
    expect(done(SMALL, command)).toBe(SMALL.replace(before, after));
  });

  it("removes a node with its edges", () => {
    const text = done(SMALL, { kind: "remove_nodes", nodes: ["dear"] });
    expect(readModel(text).nodes.map((node) => node.id)).toEqual(["events", "out"]);
    expect(text).toMatch(/edges:\s+\[\]\n/);
    expect(text).toContain("# where it comes from");
    expect(readModel(text).edges).toEqual([]);
    const again = done(text, { kind: "connect", from: "events", to: "out" });
    expect(again).toContain("edges:\n  - {from: events, to: out}\n");
  });

  it("keeps JSON as JSON", () => {
    const json = JSON.stringify(parse(SMALL));
    const text = done(json, { kind: "set_property", node: "dear", property: "limit", value: "yes" });
    expect(JSON.parse(text).nodes[1].properties).toEqual({ condition: "price > 3", limit: "yes" });
  });

  it("builds a pipeline from nothing", () => {
    let text = "version: 1\nname: new\n";
    text = done(text, { kind: "add_node", id: "a", component: "event_source", properties: { columns: { x: "BIGINT" } } });
    text = done(text, { kind: "add_node", id: "b", component: "filter", label: "B", properties: { condition: "x > 1" } });
    text = done(text, { kind: "connect", from: "a", to: "b" });
    expect(text).toBe("version: 1\nname: new\nnodes:\n  - {id: a, component: event_source, properties: {columns: {x: BIGINT}}}\n"
      + "  - {id: b, component: filter, label: B, properties: {condition: x > 1}}\nedges:\n  - {from: a, to: b}\n");
  });

  it("says what it cannot do", () => {
    const pipeline = { text: SMALL, layout: {} };
    expect(() => apply(pipeline, { kind: "set_property", node: "no", property: "a", value: 1 })).toThrow(CommandError);
    expect(() => apply(pipeline, { kind: "connect", from: "events", to: "dear" })).toThrow("connected already");
    expect(() => apply(pipeline, { kind: "disconnect", from: "out", to: "dear" })).toThrow("no edge");
    expect(() => apply(pipeline, { kind: "add_node", id: "dear", component: "union" })).toThrow("already");
    expect(() => apply({ text: "nodes: [", layout: {} }, { kind: "rename_label", node: "a", label: "" })).toThrow("cannot be read");
  });
});

const PARTS = `${SMALL}groups:
  - {id: g1, label: First, nodes: [events, dear]}   # of the left
notes: []
samples:
  events: {rows: [{user: 1}]}
tests:
  - name: t
    given:
      # what comes
      events: [{user: 1, price: 2}]
    expect: {dear: []}
`;

describe("commands inside the document", () => {
  const cases: Array<[string, Command, string, string]> = [
    ["a field of an item by its id", { kind: "set_in", path: ["groups", "g1", "label"], value: "Left" }, "label: First", "label: Left"],
    ["a field of an item by its place", { kind: "set_in", path: ["groups", 0, "collapsed"], value: true }, "nodes: [events, dear]}", "nodes: [events, dear], collapsed: true}"],
    ["an item of a list", { kind: "set_in", path: ["groups", "g1", "nodes", 2], value: "out" }, "[events, dear]", "[events, dear, out]"],
    ["an item less", { kind: "set_in", path: ["groups", "g1", "nodes", 0] }, "[events, dear]", "[dear]"],
    ["the first item of an empty list", { kind: "set_in", path: ["notes", 0], value: { id: "n1", text: "two\nlines" } },
      "notes: []\n", "notes:\n  - id: n1\n    text: |-\n      two\n      lines\n"],
    ["a part that is not there yet", { kind: "set_in", path: ["layout", "events"], value: [1, 2] }, "    expect: {dear: []}\n", "    expect: {dear: []}\nlayout: {events: [1, 2]}\n"],
    ["rows, with the comment above them", { kind: "set_in", path: ["tests", "t", "given", "events", 0, "price"], value: 3 }, "price: 2", "price: 3"],
    ["one row more", { kind: "set_in", path: ["samples", "events", "rows", 1], value: { user: 2 } }, "[{user: 1}]}", "[{user: 1}, {user: 2}]}"],
    ["the only key", { kind: "set_in", path: ["samples", "events"] }, "samples:\n  events: {rows: [{user: 1}]}\n", "samples: {}\n"],
    ["a field of a node by its id", { kind: "set_in", path: ["nodes", "dear", "properties", "condition"], value: "x" }, "condition: price > 3}", "condition: x}"],
    ["nodes switched off", { kind: "set_disabled", nodes: ["events", "dear"], disabled: true }, "component: event_source   # a topic\n", "component: event_source   # a topic\n    disabled: true\n"],
  ];
  it.each(cases)("%s", (_, command, before, after) => {
    expect(PARTS).toContain(before);
    const made = done(PARTS, command);
    const wanted = PARTS.replace(before, after);
    expect(made).toBe(command.kind === "set_disabled" ? wanted.replace("{id: dear, component: filter,", "{id: dear, component: filter, disabled: true,") : wanted);
  });

  it("a node under another name, and all that names it", () => {
    const made = done(PARTS, { kind: "rename_node", node: "events", to: "yes" });
    expect(made).toBe(PARTS.replace("id: events", "id: \"yes\"").replace("from: events", "from: \"yes\"").replace("[events, dear]", "[\"yes\", dear]")
      .replace("  events: {rows", "  \"yes\": {rows").replace("      events: [{", "      \"yes\": [{"));
    const text = `nodes:\n  - {id: a, component: x}\n  - id: q\n    component: custom_sql\n    properties:\n      query: |\n        SELECT a.x -- all of a\n        FROM a\n`
      + "edges:\n  - {from: a, to: q}\nlayout: {a: [1, 2], q: [3, 4]}\n";
    const { pipeline, inverse } = apply({ text, layout: { a: [5, 6] } }, { kind: "rename_node", node: "a", to: "b" });
    expect(pipeline).toEqual({ layout: { b: [5, 6] }, text: text.replace("id: a", "id: b").replace("a.x", "b.x").replace("FROM a", "FROM b")
      .replace("from: a", "from: b").replace("{a: [1", "{b: [1") });
    expect(apply(pipeline, inverse).pipeline).toEqual({ text, layout: { a: [5, 6] } });
  });

  it("says what it cannot do", () => {
    const fails = (command: Command) => expect(() => apply({ text: PARTS, layout: {} }, command));
    fails({ kind: "set_in", path: ["groups", "g9", "label"], value: "x" }).toThrow("no place groups.g9");
    fails({ kind: "set_in", path: ["groups", 3], value: {} }).toThrow("no place groups.3");
    fails({ kind: "set_in", path: ["name", "deeper"], value: 1 }).toThrow("no place name.deeper");
    fails({ kind: "set_in", path: [], value: 1 }).toThrow("nothing to set");
    fails({ kind: "rename_node", node: "events", to: "dear" }).toThrow("already");
    fails({ kind: "rename_node", node: "events", to: "a__b" }).toThrow("cannot be an id");
    fails({ kind: "set_disabled", nodes: ["nobody"], disabled: true }).toThrow("no node");
  });
});

describe("moving nodes", () => {
  it("never touches the document", () => {
    const before: Pipeline = { text: SMALL, layout: { events: [0, 0] } };
    const { pipeline, inverse } = apply(before, { kind: "move_nodes", positions: { events: [10, 5], dear: [7, 7] } });
    expect(pipeline.text).toBe(SMALL);
    expect(pipeline.layout).toEqual({ events: [10, 5], dear: [7, 7] });
    expect(apply(pipeline, inverse).pipeline).toEqual(before);
  });
});

describe("a text in place of another", () => {
  it("is one edit with what both have left out", () => {
    const command = replaceText("abcdef", "abXdef");
    expect(command).toEqual({ kind: "edit_text", edits: [{ from: 2, to: 3, insert: "X" }] });
    expect(done("abcdef", command)).toBe("abXdef");
    expect(done("aaa", replaceText("aaa", "aa"))).toBe("aa");
    expect(replaceText("same", "same")).toEqual({ kind: "edit_text", edits: [] });
  });
});
