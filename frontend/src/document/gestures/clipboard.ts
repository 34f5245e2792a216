/** Nodes as text that people can read, and back, in another pipeline too. */
import { t } from "../../i18n";
import type { Command } from "../commands";
import { CommandError } from "../errors";
import { type Layout, type Model, type ModelComponent, type ModelNode, type ModelParameter, modelOf, record, valueOf } from "../model";
import { same } from "../splice";
import { parseYaml } from "../yaml";
import { type Bound, type ColumnInfo, rebound } from "./binding";
import type { Schemas } from "./find";
import { namesFor } from "./nodes";
import { type Ports, viewOf } from "./ports";
import { asWritten, asWrittenEdge, withTables } from "./subpipelines";
import { judge, portOfEdge } from "./wires";

/** Nodes with the wires among them, and those that come to them from outside, as JSON. */
export function copyNodes(model: Model, layout: Layout, nodes: readonly string[], schemas: Schemas = {}): string {
  const chosen = model.nodes.filter((node) => nodes.includes(node.id));
  const inside = new Set(chosen.map((node) => node.id));
  const lines = (values: readonly unknown[]) => values.map((value) => `    ${JSON.stringify(value)}`).join(",\n");
  const parts: Array<[string, readonly unknown[]]> = [
    ["nodes", chosen.map(asWritten)],
    ["edges", model.edges.filter((edge) => inside.has(edge.to)).map(asWrittenEdge)],
  ];
  const fields = parts.filter(([, values]) => values.length).map(([name, values]) => `  "${name}": [\n${lines(values)}\n  ]`);
  const own = usedComponents(model, chosen);
  if (Object.keys(own).length) fields.push(`  "components": ${JSON.stringify(own)}`);
  const parameters = Object.fromEntries(usedParameters(model, chosen).map(parameterAsWritten));
  if (Object.keys(parameters).length) fields.push(`  "parameters": ${JSON.stringify(parameters)}`);
  const types = readsOf(model, inside, schemas);
  if (Object.keys(types).length) fields.push(`  "reads": ${JSON.stringify(types)}`);
  const places = Object.fromEntries(chosen.flatMap(({ id }) => (layout[id] ? [[id, layout[id]]] : [])));
  if (Object.keys(places).length) fields.push(`  "layout": ${JSON.stringify(places)}`);
  return `{\n  "version": 1,\n${fields.join(",\n")}\n}\n`;
}

/** The document's own components that nodes are of, and those inside of these. */
function usedComponents(model: Model, nodes: readonly ModelNode[]): Record<string, unknown> {
  const used = new Map<string, ModelComponent>();
  const add = (component: string) => {
    const own = model.components.find((each) => each.name === component);
    if (!own || used.has(component)) return;
    used.set(component, own);
    for (const node of own.nodes) add(node.component);
  };
  for (const node of nodes) add(node.component);
  return Object.fromEntries([...used].map(([name, own]) => [name, own.value]));
}

/** The parameters of the document that stand in properties of nodes. */
function usedParameters(model: Model, nodes: readonly ModelNode[]): ModelParameter[] {
  const text = JSON.stringify(nodes.map((node) => node.properties));
  return model.parameters.filter(({ name }) => text.includes(`\${${name}}`));
}

function parameterAsWritten({ name, default: standard, description }: ModelParameter): [string, Record<string, string>] {
  return [name, { ...(standard === null ? {} : { default: standard }), ...(description ? { description } : {}) }];
}

/** What the nodes read from outside, with the types, so that it can be bound elsewhere. */
function readsOf(model: Model, inside: ReadonlySet<string>, schemas: Schemas): Record<string, Record<string, string>> {
  const sources = new Set(model.edges.flatMap((edge) => (inside.has(edge.to) && !inside.has(edge.from) ? [edge.from] : [])));
  return Object.fromEntries([...sources].flatMap((source) => {
    const columns = schemas[source]?.columns;
    return columns ? [[source, Object.fromEntries(columns.map(({ name, type }) => [name, type]))]] : [];
  }));
}

export interface PasteOptions {
  /** Where the upper left one goes; without it each beside where it was. */
  at?: readonly [number, number];
  /** The wires from outside come along, where what they come from is there. */
  keepWires?: boolean;
  /** The columns where the nodes go: what they speak of is bound anew to them. */
  columns?: readonly ColumnInfo[];
}

export interface Pasted {
  command: Command;
  ids: string[];
  /** What could not be taken along as it was, for people. */
  problems: string[];
}

const BESIDE = 40;

/** Nodes out of a text: what `copyNodes` made, or any pipeline document. CommandError where there are none in it. */
export function pasteNodes(model: Model, ports: Ports, text: string, options: PasteOptions = {}): Pasted {
  const parsed = parseYaml(text);
  const given = parsed.errors.length ? {} : valueOf(parsed);
  const pasted: Model = { ...modelOf(given), problems: [] };
  if (!pasted.nodes.length) throw new CommandError(t("there are no nodes in what was copied"));
  const own = broughtAlong(model, ports, pasted);
  const names = namesFor(model, pasted.nodes);
  const types = new Map(Object.values(record(given.reads)).flatMap((each) => Object.entries(record(each)).map(([name, type]) => [name, String(type)] as const)));
  const bound: Bound = options.columns && !isFromHere(model, pasted) ? rebound(own.pasted, ports, options.columns, types) : { nodes: own.pasted.nodes, problems: [] };
  const nodes = bound.nodes.map((node) => ({ ...withTables(node, names), id: names.get(node.id) ?? node.id }));
  const wires = wiresOf({ ...model, components: [...model.components, ...own.pasted.components], nodes: [...model.nodes, ...nodes] }, ports, pasted, names, options);
  const off = nodes.filter((node) => node.disabled).map((node) => node.id);
  const places = placed(pasted.nodes, pasted.layout, names, options.at);
  const commands: Command[] = [
    ...own.commands,
    ...nodes.map(({ id, component, label, properties }): Command => ({ kind: "add_node", id, component, label, properties })),
    ...(off.length ? [{ kind: "set_disabled", nodes: off, disabled: true } as Command] : []),
    ...wires.commands,
    ...(Object.keys(places).length ? [{ kind: "move_nodes", positions: places } as Command] : []),
  ];
  return { command: { kind: "all", commands }, ids: nodes.map((node) => node.id), problems: [...own.problems, ...bound.problems, ...wires.problems] };
}

/** Whether all that the nodes read from is here, so that they already speak of its columns. */
function isFromHere(model: Model, pasted: Model): boolean {
  const outside = pasted.edges.filter(({ from }) => !pasted.nodes.some((node) => node.id === from));
  return outside.length > 0 && outside.every(({ from }) => model.nodes.some((node) => node.id === from));
}

interface Brought {
  pasted: Model;
  commands: Command[];
  problems: string[];
}

/** The parameters and components that come with the nodes; those that are here already, and are the same, are not brought again. */
function broughtAlong(model: Model, ports: Ports, pasted: Model): Brought {
  const commands: Command[] = [];
  const problems: string[] = [];
  for (const parameter of usedParameters(pasted, pasted.nodes)) {
    const [name, value] = parameterAsWritten(parameter);
    if (!model.parameters.some((each) => each.name === name)) commands.push({ kind: "set_in", path: ["parameters", name], value });
  }
  for (const own of pasted.components) {
    const here = model.components.find((each) => each.name === own.name);
    if (!here && !ports.find(own.name)) commands.push({ kind: "set_in", path: ["components", own.name], value: own.value });
    else if (!here || !same(here, own)) problems.push(t("the component “{name}” is another one here: the nodes of it are what it is here", { name: own.name }));
  }
  const known = (component: string) => viewOf(model, ports, component) ?? viewOf(pasted, ports, component);
  for (const node of pasted.nodes) if (!known(node.component)) problems.push(t("“{node}” is of a component that nobody knows", { node: node.id }));
  return { pasted, commands, problems };
}

/** The wires among the nodes; those from outside where wished and possible. */
function wiresOf(model: Model, ports: Ports, pasted: Model, names: ReadonlyMap<string, string>, options: PasteOptions): { commands: Command[]; problems: string[] } {
  const commands: Command[] = [];
  const problems: string[] = [];
  let grown = model;
  for (const edge of pasted.edges) {
    const [inside, to] = [names.get(edge.from), names.get(edge.to)];
    if (!to || (!inside && !options.keepWires)) continue;
    const from = inside ?? edge.from;
    if (!grown.nodes.some((node) => node.id === from)) {
      problems.push(t("the wire from “{from}” to “{to}” was left out: there is no such node here", { from, to }));
      continue;
    }
    const made = { from, to, port: edge.port };
    const judged = judge(grown, ports, from, to, portOfEdge(grown, ports, made) || undefined);
    if (judged.why !== undefined && !inside) {
      problems.push(judged.why);
      continue;
    }
    commands.push({ kind: "connect", ...made });
    grown = { ...grown, edges: [...grown.edges, made] };
  }
  return { commands, problems };
}

function placed(nodes: readonly ModelNode[], layout: Layout, names: ReadonlyMap<string, string>, at?: readonly [number, number]): Layout {
  const own = nodes.flatMap(({ id }) => (layout[id] ? [layout[id]] : []));
  if (!own.length) return at && nodes.length === 1 && nodes[0] ? { [names.get(nodes[0].id) ?? nodes[0].id]: at } : {};
  const [left, top] = [Math.min(...own.map(([x]) => x)), Math.min(...own.map(([, y]) => y))];
  const [x, y] = at ?? [left + BESIDE, top + BESIDE];
  return Object.fromEntries(nodes.flatMap(({ id }) => {
    const place = layout[id];
    return place ? [[names.get(id) ?? id, [Math.round(place[0] - left + x), Math.round(place[1] - top + y)] as const]] : [];
  }));
}
