/** Whatever is done in whatever style of document: it can be taken back to the letter, and says what was meant. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Command, CommandError, type Pipeline, apply } from "./commands";
import { readModel, valueOf } from "./model";
import { parseYaml } from "./yaml";

const example = (name: string) => readFileSync(new URL(`../../../examples/${name}.yaml`, import.meta.url), "utf8");

const PARTS = `# a small one
version: 1
name: parts

nodes:
- id: a          # the source
  component: event_source
  properties: &shared
    columns: {x: BIGINT}
    note: >-
      - folded text
        that: looks like yaml
      # and a comment
- id: b
  component: custom_sql
  properties:
    query: |
      -- of a
      SELECT a.x
      FROM a
- {id: c, component: filter, disabled: true, properties: {condition: "x > 1",
     more: [1, 2]}}
- id: d
  component: event_source
  properties: *shared
# between
edges:
- {from: a, to: b}
-   from: b
    to: c.rows
groups: [{id: g, nodes: [a, b]}]
notes:
  - id: n
    text: "one
      two"
samples:
  a:
    rows:
      - {x: 1}   # first
      - {x: 2}
tests:
  - name: t
    given: {a: [{x: 1}]}
    expect: {c: []}
`;

const NO_ANCHORS = PARTS.replace(" &shared", "").replace(" *shared", " {}");

const DOCUMENTS: Record<string, string> = {
  shop: example("shop"),
  taobao: example("taobao"),
  "with anchors": PARTS,
  "with lists at the margin": NO_ANCHORS,
  "with carriage returns": NO_ANCHORS.replaceAll("\n", "\r\n"),
  "with its last line open": NO_ANCHORS.trimEnd(),
  "in JSON": JSON.stringify(parse(NO_ANCHORS), null, 2),
  "in JSON in one line": JSON.stringify(parse(NO_ANCHORS)),
  "in flow style": "{version: 1, name: f, nodes: [{id: a, component: x}, {id: b, component: y, properties: {p: 1}}], edges: [{from: a, to: b}]} # end\n",
  "after a marker": `---\n${NO_ANCHORS}`,
};

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
  true, ["a", "b c"], [], {}, { a: "COUNT(*)", b: "x > 1" }, { deep: { list: [1, { k: "v" }] } }, "漢字 🎈", "=", "{brace", "10:30", "&x", "*", "tab\there"];

function anyCommand(text: string, pick: (below: number) => number): Command {
  const { nodes, edges, groups, samples } = readModel(text);
  const node = nodes[pick(nodes.length)];
  const other = nodes[pick(nodes.length)];
  const edge = edges[pick(Math.max(edges.length, 1))];
  const value = VALUES[pick(VALUES.length)];
  const names = [...Object.keys(node?.properties ?? {}), "fresh", "condition"];
  const property = names[pick(names.length)] ?? "";
  const id = `n${pick(1000)}`;
  const paths: Array<Array<string | number>> = [
    ["groups", groups.length], ["groups", 0], ["groups", groups[0]?.id ?? "g", "label"], ["notes", 0], ["samples", node?.id ?? "", "rows", 0],
    ["samples", samples[0]?.node ?? "x"], ["components", "own"], ["tests", 0, "expect", "c"], ["description"], ["nodes", nodes.indexOf(node ?? nodes[0] as never), "properties", property],
    ["nodes", node?.id ?? "", "label"], ["settings", "a", "b"], ["layout", node?.id ?? ""],
  ];
  switch (pick(12)) {
    case 0: return { kind: "rename_label", node: node?.id ?? "", label: String(value) };
    case 1: return { kind: "remove_nodes", nodes: [node?.id ?? "", ...(pick(2) ? [other?.id ?? ""] : [])] };
    case 2: return { kind: "add_node", id, component: "filter", label: pick(2) ? String(value) : "", properties: { condition: value } };
    case 3: return { kind: "connect", from: node?.id ?? "", to: other?.id ?? "", port: pick(2) ? "rows" : "" };
    case 4: return edge ? { kind: "disconnect", ...edge } : { kind: "all", commands: [] };
    case 5: return { kind: "set_property", node: node?.id ?? "", property, value: undefined };
    case 6: return { kind: "move_nodes", positions: { [node?.id ?? ""]: [pick(100), pick(100)] } };
    case 7: return { kind: "rename_node", node: node?.id ?? "", to: id };
    case 8: return { kind: "set_disabled", nodes: [node?.id ?? "", other?.id ?? ""], disabled: pick(2) === 0 };
    case 9:
    case 10: return { kind: "set_in", path: paths[pick(paths.length)] ?? [], value: pick(3) ? value : undefined };
    default: return { kind: "set_property", node: node?.id ?? "", property, value };
  }
}

/** An independent reading of what a command means: on a copy of the plain values, changed in place. */
function meant(text: string, command: Command): Record<string, unknown> {
  const value = JSON.parse(JSON.stringify(valueOf(parseYaml(text)))) as Record<string, never> & { nodes: Array<Record<string, never>>; edges?: Array<Record<string, string>> };
  const nodes = value.nodes as unknown as Array<{ id: string; label?: string; disabled?: boolean; component: string; properties?: Record<string, unknown> }>;
  const node = (id: string) => nodes.find((each) => each.id === id) as (typeof nodes)[0];
  const target = (edge: Record<string, string>) => (edge.to ?? "").split(".")[0] ?? "";
  switch (command.kind) {
    case "set_property": {
      const own = node(command.node);
      if (command.value !== undefined) own.properties = { ...own.properties, [command.property]: command.value };
      else if (own.properties) {
        const { [command.property]: gone, ...rest } = own.properties;
        if (Object.keys(rest).length) own.properties = rest;
        else if (gone !== undefined) delete own.properties;
      }
      break;
    }
    case "rename_label":
      if (command.label) node(command.node).label = command.label;
      else delete node(command.node).label;
      break;
    case "set_disabled":
      for (const id of command.nodes) {
        if (command.disabled) node(id).disabled = true;
        else delete node(id).disabled;
      }
      break;
    case "add_node":
      nodes.push({ id: command.id, component: command.component, ...(command.label ? { label: command.label } : {}), properties: command.properties ?? {} });
      break;
    case "remove_nodes":
      (value as { nodes: unknown }).nodes = nodes.filter((each) => !command.nodes.includes(each.id));
      if (value.edges) value.edges = value.edges.filter((edge) => !command.nodes.includes(edge.from ?? "") && !command.nodes.includes(target(edge)));
      break;
    case "connect":
      (value.edges ??= [] as never).push({ from: command.from, to: command.port ? `${command.to}.${command.port}` : command.to });
      break;
    case "disconnect": {
      const to = command.port ? `${command.to}.${command.port}` : command.to;
      value.edges?.splice(value.edges.findIndex((edge) => edge.from === command.from && edge.to === to), 1);
      break;
    }
    case "rename_node": {
      const renamed = (each: unknown): unknown => (each === command.node ? command.to : each);
      const keys = (fields: unknown) => (fields ? Object.fromEntries(Object.entries(fields).map(([key, own]) => [renamed(key), own])) : fields);
      const parts = value as unknown as { groups?: unknown; samples?: unknown; layout?: unknown; tests?: unknown };
      for (const each of nodes) {
        const reader = value.edges?.some((edge) => edge.from === command.node && target(edge) === each.id);
        const query = each.properties?.query;
        if (reader && typeof query === "string") each.properties = { ...each.properties, query: query.replaceAll(new RegExp(`(?<=FROM |SELECT )\\b${command.node}\\b`, "g"), command.to) };
      }
      node(command.node).id = command.to;
      for (const edge of value.edges ?? []) {
        if (edge.from === command.node) edge.from = command.to;
        if (target(edge) === command.node) edge.to = command.to + (edge.to ?? "").slice(command.node.length);
      }
      if (Array.isArray(parts.groups)) for (const group of parts.groups) if (Array.isArray(group?.nodes)) group.nodes = group.nodes.map(renamed);
      const mapping = (each: unknown) => typeof each === "object" && each !== null && !Array.isArray(each);
      if (mapping(parts.samples)) parts.samples = keys(parts.samples);
      if (mapping(parts.layout)) parts.layout = keys(parts.layout);
      if (Array.isArray(parts.tests)) for (const test of parts.tests) if (mapping(test)) for (const part of ["given", "expect"]) if (mapping(test[part])) test[part] = keys(test[part]);
      break;
    }
    case "set_in":
      setIn(value, command.path, command.value);
      break;
    default:
  }
  return value;
}

function setIn(whole: unknown, path: ReadonlyArray<string | number>, value: unknown): void {
  let at = whole as Record<string | number, unknown>;
  path.forEach((step, i) => {
    const index = Array.isArray(at) && typeof step === "string" ? at.findIndex((item) => item?.id === step) : step;
    if (i < path.length - 1) {
      if (at[index] === undefined || at[index] === null) {
        if (value === undefined) return;
        at[index] = typeof path[i + 1] === "number" ? [] : {};
      }
      at = at[index] as Record<string | number, unknown>;
    } else if (value !== undefined) at[index] = value;
    else if (Array.isArray(at)) at.splice(Number(index), 1);
    else Reflect.deleteProperty(at, index);
  });
}

describe.each(Object.entries(DOCUMENTS))("a document %s", (_, text) => {
  it.each([1, 2])("does what is meant, and can be taken back to the letter (seed %i)", (seed) => {
    const pick = random(seed);
    const start: Pipeline = { text, layout: {} };
    const inverses: Command[] = [];
    let now = start;
    for (let step = 0; step < 18; step++) {
      const command = anyCommand(now.text, pick);
      let applied;
      try {
        applied = apply(now, command);
      } catch (error) {
        expect(error).toBeInstanceOf(CommandError);
        continue;
      }
      expect(apply(applied.pipeline, applied.inverse).pipeline).toEqual(now);
      const read = parseYaml(applied.pipeline.text);
      expect(read.errors).toEqual([]);
      expect(valueOf(read), JSON.stringify(command)).toEqual(meant(now.text, command));
      expect(readModel(applied.pipeline.text).nodes.map((node) => node.id)).toEqual((valueOf(read).nodes as Array<{ id: string }>).map((node) => node.id));
      inverses.unshift(applied.inverse);
      now = applied.pipeline;
    }
    expect(inverses.length).toBeGreaterThan(7);
    expect(apply(now, { kind: "all", commands: inverses }).pipeline).toEqual(start);
  }, 60_000);

  it("keeps its carriage returns", () => {
    const { pipeline } = apply({ text, layout: {} }, { kind: "add_node", id: "fresh", component: "filter", properties: { query: "two\nlines\n" } });
    const breaks = pipeline.text.match(/\r?\n/g) ?? [];
    expect(new Set(breaks).size).toBeLessThanOrEqual(1);
  });

  it("keeps its comments", () => {
    const comments = text.match(/# (?:the source|between|first|a small one|end)/g) ?? [];
    const { pipeline } = apply({ text, layout: {} }, { kind: "set_property", node: readModel(text).nodes[0]?.id ?? "", property: "note", value: "other" });
    for (const comment of comments) expect(pipeline.text).toContain(comment);
  });
});
