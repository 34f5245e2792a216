/** Nodes as text that people can read, and back, in another pipeline too. */
import { t } from "../../i18n";
import type { Command } from "../commands";
import { CommandError } from "../errors";
import { type Layout, type Model, type ModelNode, modelOf, record, valueOf } from "../model";
import { parseYaml } from "../yaml";
import { type Bound, type ColumnInfo, rebound } from "./binding";
import { namesFor } from "./nodes";
import type { Ports } from "./ports";
import { judge, portOfEdge } from "./wires";

/** Nodes with the wires among them, and those that come to them from outside, as JSON. */
export function copyNodes(model: Model, layout: Layout, nodes: readonly string[]): string {
  const chosen = model.nodes.filter((node) => nodes.includes(node.id));
  const inside = new Set(chosen.map((node) => node.id));
  const end = (to: string, port: string) => (port ? `${to}.${port}` : to);
  const lines = (values: readonly unknown[]) => values.map((value) => `    ${JSON.stringify(value)}`).join(",\n");
  const parts: Array<[string, readonly unknown[]]> = [
    ["nodes", chosen.map(written)],
    ["edges", model.edges.filter((edge) => inside.has(edge.to)).map(({ from, to, port }) => ({ from, to: end(to, port) }))],
  ];
  const fields = parts.filter(([, values]) => values.length).map(([name, values]) => `  "${name}": [\n${lines(values)}\n  ]`);
  const own = usedComponents(model, chosen);
  if (Object.keys(own).length) fields.push(`  "components": ${JSON.stringify(own)}`);
  const places = Object.fromEntries(chosen.flatMap(({ id }) => (layout[id] ? [[id, layout[id]]] : [])));
  if (Object.keys(places).length) fields.push(`  "layout": ${JSON.stringify(places)}`);
  return `{\n  "version": 1,\n${fields.join(",\n")}\n}\n`;
}

function written({ id, component, label, disabled, properties }: ModelNode): Record<string, unknown> {
  const some = Object.keys(properties).length > 0;
  return { id, component, ...(label ? { label } : {}), ...(disabled ? { disabled } : {}), ...(some ? { properties } : {}) };
}

function usedComponents(model: Model, nodes: readonly ModelNode[]): Record<string, unknown> {
  void model;
  void nodes;
  return {};
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
  const given = parsed.errors.length ? {} : record(valueOf(parsed));
  const pasted = modelOf(given);
  if (!pasted.nodes.length) throw new CommandError(t("there are no nodes in what was copied"));
  const names = namesFor(model, pasted.nodes, !pasted.nodes.some((node) => model.nodes.some((each) => each.id === node.id)));
  const bound: Bound = options.columns ? rebound(pasted, ports, options.columns) : { nodes: pasted.nodes, problems: [] };
  const commands: Command[] = bound.nodes.map(({ id, component, label, properties }) =>
    ({ kind: "add_node", id: names.get(id) ?? id, component, label, properties }));
  const off = pasted.nodes.filter((node) => node.disabled).map((node) => names.get(node.id) ?? node.id);
  if (off.length) commands.push({ kind: "set_disabled", nodes: off, disabled: true });
  const problems = [...bound.problems];
  let grown: Model = { ...model, nodes: [...model.nodes, ...bound.nodes.map((node) => ({ ...node, id: names.get(node.id) ?? node.id }))] };
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
    if (judged.why !== undefined) {
      problems.push(judged.why);
      continue;
    }
    commands.push({ kind: "connect", ...made });
    grown = { ...grown, edges: [...grown.edges, made] };
  }
  const places = placed(pasted.nodes, pasted.layout, names, options.at);
  if (Object.keys(places).length) commands.push({ kind: "move_nodes", positions: places });
  return { command: { kind: "all", commands }, ids: [...names.values()], problems };
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
