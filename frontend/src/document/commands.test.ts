import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Command, CommandError, type Pipeline, apply, replaceText } from "./commands";
import { readModel } from "./model";

const SHOP = readFileSync(new URL("../../../examples/shop.yaml", import.meta.url), "utf8");
const TAOBAO = readFileSync(new URL("../../../examples/taobao.yaml", import.meta.url), "utf8");


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

describe("moving nodes", () => {
  it("never touches the document", () => {
    const before: Pipeline = { text: SMALL, layout: { events: [0, 0] } };
    const { pipeline, inverse } = apply(before, { kind: "move_nodes", positions: { events: [10, 5], dear: [7, 7] } });
    expect(pipeline.text).toBe(SMALL);
    expect(pipeline.layout).toEqual({ events: [10, 5], dear: [7, 7] });
    expect(apply(pipeline, inverse).pipeline).toEqual(before);
  });
});

/** Small and fast, the same numbers for the same seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const VALUES: unknown[] = ["x", "a, b", "it's: # odd", "yes", "1e3", "2024-01-01", "", " padded ", "two\nlines\n", "- dash", "${state}", 3, 2.5,
  true, ["a", "b c"], [], {}, { a: "COUNT(*)", b: "x > 1" }, { deep: { list: [1, { k: "v" }] } }, "漢字 🎈", "=", "{brace", "10:30"];

function anyCommand(text: string, pick: (below: number) => number): Command {
  const { nodes, edges } = readModel(text);
  const node = nodes[pick(nodes.length)];
  const other = nodes[pick(nodes.length)];
  const edge = edges[pick(Math.max(edges.length, 1))];
  const value = VALUES[pick(VALUES.length)];
  const names = [...Object.keys(node?.properties ?? {}), "fresh", "condition"];
  const property = names[pick(names.length)] ?? "";
  const id = `n${pick(1000)}`;
  switch (pick(9)) {
    case 0: return { kind: "rename_label", node: node?.id ?? "", label: String(value) };
    case 1: return { kind: "remove_nodes", nodes: [node?.id ?? "", ...(pick(2) ? [other?.id ?? ""] : [])] };
    case 2: return { kind: "add_node", id, component: "filter", label: pick(2) ? String(value) : "", properties: { condition: value } };
    case 3: return { kind: "connect", from: node?.id ?? "", to: other?.id ?? "", port: pick(2) ? "rows" : "" };
    case 4: return edge ? { kind: "disconnect", ...edge } : { kind: "all", commands: [] };
    case 5: return { kind: "set_property", node: node?.id ?? "", property, value: undefined };
    case 6: return { kind: "move_nodes", positions: { [node?.id ?? ""]: [pick(100), pick(100)] } };
    default: return { kind: "set_property", node: node?.id ?? "", property, value };
  }
}

describe("whatever is done", () => {
  it.each([1, 2, 3, 4, 5, 6])("can be taken back to the letter, and the rest of the document stays (seed %i)", (seed) => {
    const pick = random(seed);
    const start: Pipeline = { text: [SHOP, TAOBAO, SMALL][seed % 3] as string, layout: {} };
    const inverses: Command[] = [];
    let now = start;
    for (let step = 0; step < 30; step++) {
      const command = anyCommand(now.text, pick);
      let applied;
      try {
        applied = apply(now, command);
      } catch (error) {
        expect(error).toBeInstanceOf(CommandError);
        continue;
      }
      expect(apply(applied.pipeline, applied.inverse).pipeline).toEqual(now);
      checkMeaning(now.text, applied.pipeline.text, command);
      inverses.unshift(applied.inverse);
      now = applied.pipeline;
    }
    expect(inverses.length).toBeGreaterThan(15);
    expect(apply(now, { kind: "all", commands: inverses }).pipeline).toEqual(start);
  }, 30_000);
});

/** An independent reading of what a command means, on plain values. */
function checkMeaning(before: string, after: string, command: Command): void {
  const [a, b] = [readModel(before), readModel(after)];
  expect(b.problems).toEqual([]);
  if (command.kind === "set_property") {
    const was = a.nodes.find((node) => node.id === command.node);
    const is = b.nodes.find((node) => node.id === command.node);
    const rest = Object.entries(was?.properties ?? {}).filter(([name]) => name !== command.property);
    const fresh = command.value === undefined ? [] : [[command.property, command.value]];
    expect(is?.properties).toEqual(Object.fromEntries([...rest, ...fresh]));
    expect(b.edges).toEqual(a.edges);
  } else if (command.kind === "rename_label") {
    expect(b.nodes.map(({ id, label }) => [id, label])).toEqual(a.nodes.map(({ id, label }) => [id, id === command.node ? command.label : label]));
  } else if (command.kind === "remove_nodes") {
    expect(b.nodes.map((node) => node.id)).toEqual(a.nodes.map((node) => node.id).filter((id) => !command.nodes.includes(id)));
    expect(b.edges).toEqual(a.edges.filter((edge) => !command.nodes.includes(edge.from) && !command.nodes.includes(edge.to)));
  } else if (command.kind === "add_node") {
    expect(b.nodes).toHaveLength(a.nodes.length + 1);
    expect(b.nodes.at(-1)).toMatchObject({ id: command.id, properties: command.properties });
  } else if (command.kind === "connect") {
    expect(b.edges).toEqual([...a.edges, { from: command.from, to: command.to, port: command.port }]);
  }
}

describe("a text in place of another", () => {
  it("is one edit with what both have left out", () => {
    const command = replaceText("abcdef", "abXdef");
    expect(command).toEqual({ kind: "edit_text", edits: [{ from: 2, to: 3, insert: "X" }] });
    expect(done("abcdef", command)).toBe("abXdef");
    expect(done("aaa", replaceText("aaa", "aa"))).toBe("aa");
    expect(replaceText("same", "same")).toEqual({ kind: "edit_text", edits: [] });
  });
});
