/** Components that a document makes of its own nodes, and back. */
import { t } from "../../i18n";
import type { Command } from "../commands";
import { CommandError } from "../errors";
import { arrange } from "../layout";
import { isId } from "../meaning";
import type { Layout, Model, ModelComponent, ModelEdge, ModelNode } from "../model";
import { renameTables } from "../sql";
import { forgotten, freshId, namesFor } from "./nodes";
import { type Ports, viewOf } from "./ports";
import { downstream, upstream } from "./walk";
import { portOfEdge } from "./wires";

export interface SaveAs {
  name: string;
  title?: string;
  doc?: string;
}

interface Boundary {
  name: string;
  node: string;
  port: string;
  sources: string[];
}

/** The nodes become a component of the document; one node of it stands in their place. CommandError says why they cannot. */
export function saveAsComponent(model: Model, ports: Ports, nodes: readonly string[], named: SaveAs): { command: Command; id: string } {
  const chosen = model.nodes.filter((node) => nodes.includes(node.id));
  checkName(model, ports, named.name);
  checkWhole(model, chosen);
  const inside = new Set(chosen.map((node) => node.id));
  const output = outputOf(model, ports, chosen, inside);
  const face = output || chosen.find((node) => !viewOf(model, ports, node.component)?.gives)?.id || chosen[0]?.id || "";
  const inputs = inputsOf(model, ports, inside);
  const id = freshId({ ...model, nodes: model.nodes.filter((node) => !inside.has(node.id)) }, named.name);
  const others = chosen.flatMap((node) => (node.id === face ? [] : [node.id]));
  const stays = model.edges.filter((edge) => edge.to === face && !inside.has(edge.from));
  const commands: Command[] = [
    { kind: "set_in", path: ["components", named.name], value: definition(model, chosen, named, inputs, output) },
    ...(others.length ? [{ kind: "remove_nodes", nodes: others } as Command] : []),
    { kind: "move_nodes", positions: Object.fromEntries(others.map((node) => [node, null])) },
    ...forgotten(model, new Set(others)),
    ...stays.map((edge): Command => ({ kind: "disconnect", ...edge })),
    ...becomes(face, { component: named.name, label: "", disabled: false, properties: {} }, model),
    { kind: "rename_node", node: face, to: id },
    ...inputs.flatMap(({ name, sources }) => sources.map((from): Command => ({ kind: "connect", from, to: id, port: inputs.length > 1 ? name : "" }))),
  ];
  return { command: { kind: "all", commands }, id };
}

function checkName(model: Model, ports: Ports, name: string): void {
  if (!isId(name)) throw new CommandError(t("“{id}” cannot be an id: a letter first, then letters, digits and single _", { id: name }));
  if (viewOf(model, ports, name)) throw new CommandError(t("there is a component “{name}” already", { name }));
}

/** No way may lead out of the nodes and back into them: the component would feed itself. */
function checkWhole(model: Model, chosen: readonly ModelNode[]): void {
  if (!chosen.length) throw new CommandError(t("no nodes are selected"));
  const inside = new Set(chosen.map((node) => node.id));
  const fed = new Set(chosen.flatMap((node) => downstream(model, node.id)));
  const feeding = new Set(chosen.flatMap((node) => upstream(model, node.id)));
  const between = [...fed].find((node) => !inside.has(node) && feeding.has(node));
  if (between) throw new CommandError(t("“{node}” lies between the selected nodes: select it, too", { node: between }));
}

/** The one node whose rows leave; "" where nothing leaves. */
function outputOf(model: Model, ports: Ports, chosen: readonly ModelNode[], inside: ReadonlySet<string>): string {
  const leaving = new Set(model.edges.flatMap((edge) => (inside.has(edge.from) && !inside.has(edge.to) ? [edge.from] : [])));
  const ends = chosen.filter(({ id, component }) => viewOf(model, ports, component)?.gives && !model.edges.some((edge) => edge.from === id));
  const outputs = leaving.size ? [...leaving] : ends.map((node) => node.id);
  if (outputs.length > 1) throw new CommandError(t("a component has one output, here are {count}: {names}", { count: outputs.length, names: outputs.join(", ") }));
  return outputs[0] ?? "";
}

/** The inputs that wires from outside come to, and those that nothing is connected to. */
function inputsOf(model: Model, ports: Ports, inside: ReadonlySet<string>): Boundary[] {
  const found: Boundary[] = [];
  for (const node of model.nodes.filter((each) => inside.has(each.id))) {
    for (const port of viewOf(model, ports, node.component)?.inputs ?? []) {
      const edges = model.edges.filter((edge) => edge.to === node.id && portOfEdge(model, ports, edge) === port.name);
      const sources = edges.flatMap((edge) => (inside.has(edge.from) ? [] : [edge.from]));
      if (sources.length || (!edges.length && !port.optional)) found.push({ name: "", node: node.id, port: port.name, sources });
    }
  }
  return called(found, inside);
}

/** Names for inputs: their port's, with the node's where several have the same one. */
function called(inputs: readonly Boundary[], inside: ReadonlySet<string>): Boundary[] {
  const taken = new Set(inside);
  return inputs.map((input) => {
    const alone = inputs.filter((each) => each.port === input.port).length === 1;
    const word = alone ? input.port : input.port === "rows" ? `${input.node}_rows` : `${input.node}_${input.port}`;
    let name = word.replaceAll(/_+/g, "_");
    for (let i = 2; taken.has(name); i++) name = `${word}${i}`;
    taken.add(name);
    return { ...input, name };
  });
}

function definition(model: Model, chosen: readonly ModelNode[], { title, doc }: SaveAs, inputs: readonly Boundary[], output: string): Record<string, unknown> {
  const inside = new Set(chosen.map((node) => node.id));
  return {
    ...(title ? { title } : {}),
    ...(doc ? { doc } : {}),
    inputs: Object.fromEntries(inputs.map(({ name, node, port }) => [name, `${node}.${port}`])),
    ...(output ? { output } : {}),
    nodes: chosen.map((node) => asWritten(withTables(node, new Map(inputs.flatMap((input) =>
      (input.node === node.id && input.sources.length === 1 ? [[input.sources[0] ?? "", input.name]] : [])))))),
    edges: model.edges.filter((edge) => inside.has(edge.from) && inside.has(edge.to)).map(asWrittenEdge),
  };
}

/** A node's fields as a document writes them. */
export function asWritten({ id, component, label, disabled, properties }: ModelNode): Record<string, unknown> {
  const some = Object.keys(properties).length > 0;
  return { id, component, ...(label ? { label } : {}), ...(disabled ? { disabled } : {}), ...(some ? { properties } : {}) };
}

export function asWrittenEdge({ from, to, port }: ModelEdge): Record<string, string> {
  return { from, to: port ? `${to}.${port}` : to };
}

/** A node whose query reads tables under other names. */
export function withTables(node: ModelNode, names: ReadonlyMap<string, string>): ModelNode {
  const { query } = node.properties;
  return typeof query === "string" && names.size ? { ...node, properties: { ...node.properties, query: renameTables(query, names) } } : node;
}

/** A node in the document gets other fields, and keeps its id and its wires. */
function becomes(id: string, now: Omit<ModelNode, "id">, model: Model): Command[] {
  const was = model.nodes.find((node) => node.id === id);
  const some = Object.keys(now.properties).length > 0;
  const set = (field: string, value: unknown, old: unknown): Command[] =>
    (value === undefined && old === undefined ? [] : [{ kind: "set_in", path: ["nodes", id, field], value }]);
  return [
    ...set("component", now.component, was?.component),
    ...set("label", now.label || undefined, was?.label || undefined),
    ...set("disabled", now.disabled || undefined, was?.disabled || undefined),
    ...set("properties", some ? now.properties : undefined, was && Object.keys(was.properties).length ? was.properties : undefined),
  ];
}

/** A node of the document's own component becomes the nodes that it is made of. */
export function expandComponent(model: Model, ports: Ports, node: string, layout: Layout = {}): { command: Command; ids: string[] } {
  const outer = model.nodes.find((each) => each.id === node);
  const own = model.components.find((each) => each.name === outer?.component);
  if (!outer || !own || !own.nodes.length) throw new CommandError(t("“{node}” is not of a component of this document", { node }));
  const names = namesFor({ ...model, nodes: model.nodes.filter((each) => each !== outer) }, own.nodes, true);
  const name = (id: string) => names.get(id) ?? id;
  const face = own.nodes.find((each) => each.id === own.output) ?? (own.nodes[0] as ModelNode);
  const into = model.edges.filter((edge) => edge.to === node).map((edge) => ({ ...edge, ends: inputsAt(own, portOfEdge(model, ports, edge)) }));
  const inner = own.nodes.map((each) => insideOut(each, own, outer, tablesOf(into, names)));
  const now = inner[own.nodes.indexOf(face)] as ModelNode;
  const commands: Command[] = [
    ...into.map(({ from, to, port }): Command => ({ kind: "disconnect", from, to, port })),
    ...becomes(node, now, model),
    ...(name(face.id) === node ? [] : [{ kind: "rename_node", node, to: name(face.id) } as Command]),
    ...inner.filter((each) => each.id !== face.id).map(({ id, component, label, properties }): Command =>
      ({ kind: "add_node", id: name(id), component, label, properties })),
    ...inner.filter((each) => each.disabled && each.id !== face.id).map((each): Command => ({ kind: "set_disabled", nodes: [name(each.id)], disabled: true })),
    ...own.edges.map((edge): Command => ({ kind: "connect", from: name(edge.from), to: name(edge.to), port: edge.port })),
    ...into.flatMap(({ from, ends }) => ends.map((end): Command => ({ kind: "connect", from, to: name(end.node), port: end.port }))),
    ...placed(own, names, face.id, layout[node]),
  ];
  return { command: { kind: "all", commands }, ids: [...names.values()] };
}

interface Into extends ModelEdge {
  /** The inner inputs that the wire feeds. */
  ends: ModelComponent["inputs"];
}

function inputsAt(own: ModelComponent, port: string): ModelComponent["inputs"] {
  return own.inputs.filter((input) => input.name === port);
}

/** What an inner query calls its tables -> what they are called outside. */
function tablesOf(into: readonly Into[], names: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...into.flatMap(({ ends, from }) => ends.map((input) => [input.name, from] as const)), ...names]);
}

/** An inner node with the values of the outer one's properties. */
function insideOut(inner: ModelNode, own: ModelComponent, outer: ModelNode, tables: ReadonlyMap<string, string>): ModelNode {
  const values = new Map(own.properties.map((property) => [property.name, outer.properties[property.name] ?? property.default]));
  return withTables({ ...inner, properties: filled(inner.properties, values) as Record<string, unknown> }, tables);
}

/** A value with `${name}` replaced: by the value itself where there is nothing else, else by its text. */
function filled(value: unknown, values: ReadonlyMap<string, unknown>): unknown {
  if (Array.isArray(value)) return value.flatMap((each) => (typeof each === "string" ? filled(each, values) : [filled(each, values)]));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).flatMap(([key, each]) => {
      const made = filled(each, values);
      return made === null && each !== null ? [] : [[filledText(key, values), made]];
    }));
  }
  if (typeof value !== "string") return value;
  const whole = /^\$\{([^{}]*)\}$/.exec(value)?.[1];
  return whole !== undefined && values.has(whole) ? values.get(whole) : filledText(value, values);
}

function filledText(text: string, values: ReadonlyMap<string, unknown>): string {
  return text.replaceAll(/\$\{([^{}]*)\}/g, (all, name: string) => (values.has(name) ? word(values.get(name)) : all));
}

function word(value: unknown): string {
  return Array.isArray(value) ? value.map(word).join(", ") : value === null || value === undefined ? "" : String(value);
}

/** The inner nodes around the place that the outer one had. */
function placed(own: ModelComponent, names: ReadonlyMap<string, string>, face: string, at: Layout[string] | undefined): Command[] {
  if (!at) return [];
  const places = arrange(own.nodes.map((node) => node.id), own.edges);
  const [x, y] = [at[0] - (places[face]?.[0] ?? 0), at[1] - (places[face]?.[1] ?? 0)];
  const positions = Object.entries(places).map(([id, place]) => [names.get(id) ?? id, [place[0] + x, place[1] + y] as const] as const);
  return [{ kind: "move_nodes", positions: Object.fromEntries(positions) }];
}
