/** A column under another name, wherever its rows go. */
import { t } from "../../i18n";
import type { Command } from "../commands";
import { CommandError } from "../errors";
import type { Model, ModelNode, Row } from "../model";
import { type Names, defines, defining, reading, reads, renamedKeys } from "./columns";
import type { Schemas } from "./find";
import { type Ports, viewOf } from "./ports";
import { portOfEdge } from "./wires";

/** Node -> column -> the [node, column]s it is made of, as the compile answer has it. */
export type Lineage = Readonly<Record<string, Readonly<Record<string, ReadonlyArray<readonly string[]>>> | undefined>>;

export interface Compiled {
  schemas: Schemas;
  lineage: Lineage;
}

export interface Followed {
  /** The nodes that say something else now. */
  nodes: ModelNode[];
  /** What each node's rows have under another name. */
  gives: Map<string, Names>;
  problems: string[];
}

/** The column of a node under another name, from where it gets its name to all that read it. */
export function renameColumn(model: Model, ports: Ports, compiled: Compiled, node: string, from: string, to: string): { command: Command; problems: string[] } {
  const origins = originsOf(model, ports, compiled.lineage, node, from);
  if (!origins.length) throw new CommandError(t("the column “{column}” gets its name where it cannot be changed", { column: from }));
  for (const origin of origins) {
    const has = compiled.schemas[origin]?.columns.some((column) => column.name === to);
    if (has) throw new CommandError(t("“{node}” has a column “{column}” already", { node: origin, column: to }));
  }
  const names = new Map([[from, to]]);
  const changed = model.nodes.map((each) => {
    const view = origins.includes(each.id) ? viewOf(model, ports, each.component) : undefined;
    return view ? reading(defining(each, view, from, to), view, view.inputs.length ? "\0" : "", names) : each;
  });
  const start = new Map(origins.map((origin) => [origin, names]));
  const followed = follow({ ...model, nodes: changed }, ports, start, new Map(), compiled);
  const nodes = new Map([...changed, ...followed.nodes].map((each) => [each.id, each]));
  const commands = model.nodes.flatMap((each) => differences(each, nodes.get(each.id) ?? each));
  return { command: { kind: "all", commands: [...commands, ...inRows(model, followed.gives)] }, problems: followed.problems };
}

/** The nodes where a column gets its name: this one, or those it passes through from. */
function originsOf(model: Model, ports: Ports, lineage: Lineage, node: string, column: string, seen = new Set<string>()): string[] {
  if (seen.has(node)) return [];
  seen.add(node);
  const found = model.nodes.find((each) => each.id === node);
  const view = found && viewOf(model, ports, found.component);
  if (found && view && defines(found, view).includes(column)) return [node];
  const sources = (lineage[node]?.[column] ?? []).flatMap(([from, name]) => (from !== undefined && name === column ? [from] : []));
  return [...new Set(sources.flatMap((source) => originsOf(model, ports, lineage, source, column, seen)))];
}

/** Names that nodes give, followed to all that read them. `at`: names that inputs get from elsewhere: node -> input -> names. */
export function follow(model: Model, ports: Ports, start: ReadonlyMap<string, Names>, at: ReadonlyMap<string, ReadonlyMap<string, Names>>,
                       compiled?: Compiled): Followed {
  const gives = new Map(start);
  const nodes: ModelNode[] = [];
  const problems: string[] = [];
  for (const node of inOrder(model)) {
    const view = viewOf(model, ports, node.component);
    if (!view) continue;
    let now = node;
    const passing = new Map(gives.get(node.id) ?? []);
    const mine = defines(node, view);
    for (const port of view.inputs) {
      const wires = model.edges.filter((edge) => edge.to === node.id && portOfEdge(model, ports, edge) === port.name);
      const names = new Map([...(at.get(node.id)?.get(port.name) ?? []), ...wires.flatMap((edge) => [...(gives.get(edge.from) ?? [])])]);
      if (!names.size) continue;
      now = reading(now, view, port.name, names, at.has(node.id) ? undefined : gives);
      for (const [from, to] of names) if (!mine.includes(from) && passes(node, from, wires.map((edge) => edge.from), compiled)) passing.set(from, to);
      problems.push(...shared(model, ports, node, port.name, names, gives, compiled));
    }
    if (passing.size) gives.set(node.id, passing);
    if (now !== node) nodes.push(now);
    if (passing.size && view.gives === null) problems.push(t("“{node}” now writes “{column}”", { node: node.id, column: [...passing.values()].join(", ") }));
  }
  return { nodes, gives, problems };
}

/** Whether a column comes through a node under its name. */
function passes(node: ModelNode, column: string, sources: readonly string[], compiled: Compiled | undefined): boolean {
  const schema = compiled?.schemas[node.id];
  if (!schema) return true;
  const made = compiled.lineage[node.id]?.[column];
  return schema.columns.some(({ name }) => name === column)
    && (!made || made.some(([from, name]) => name === column && sources.includes(from ?? "")));
}

/** A name that two inputs must share, but only one of them changes. */
function shared(model: Model, ports: Ports, node: ModelNode, port: string, names: Names, gives: ReadonlyMap<string, Names>, compiled: Compiled | undefined): string[] {
  const view = viewOf(model, ports, node.component);
  const others = view?.inputs.filter((each) => each.name !== port && each.relation === "rows") ?? [];
  if (!view || !others.length || !compiled) return [];
  const read = new Set(view.inputs.flatMap((each) => reads(node, view, each.name)));
  const elsewhere = model.edges.filter((edge) => edge.to === node.id && others.some((each) => each.name === portOfEdge(model, ports, edge)));
  return [...names.keys()].filter((name) => read.has(name) && elsewhere.some((edge) =>
    compiled.schemas[edge.from]?.columns.some((column) => column.name === name) && !gives.get(edge.from)?.has(name)))
    .map((name) => t("“{node}” reads “{column}” of its other input, too: rename it there as well", { node: node.id, column: name }));
}

/** Nodes with those first that feed others; circles in the order of the document. */
function inOrder(model: Model): ModelNode[] {
  const waiting = new Map(model.nodes.map((node) => [node.id, 0]));
  const after = new Map<string, string[]>();
  for (const { from, to } of model.edges) {
    if (!waiting.has(from) || !waiting.has(to)) continue;
    waiting.set(to, (waiting.get(to) ?? 0) + 1);
    after.set(from, [...(after.get(from) ?? []), to]);
  }
  const ready = model.nodes.filter((node) => !waiting.get(node.id)).map((node) => node.id);
  for (const node of ready) {
    for (const to of after.get(node) ?? []) {
      waiting.set(to, (waiting.get(to) ?? 0) - 1);
      if (!waiting.get(to)) ready.push(to);
    }
  }
  const byId = new Map(model.nodes.map((node) => [node.id, node]));
  return [...new Set([...ready, ...byId.keys()])].flatMap((id) => byId.get(id) ?? []);
}

/** The commands that make the properties of a node those of another. */
export function differences(before: ModelNode, after: ModelNode): Command[] {
  return Object.entries(after.properties).flatMap(([property, value]): Command[] =>
    (JSON.stringify(before.properties[property]) === JSON.stringify(value) ? [] : [{ kind: "set_property", node: before.id, property, value }]));
}

/** Samples and tests have the names that their nodes give. */
function inRows(model: Model, gives: ReadonlyMap<string, Names>): Command[] {
  const rows = (path: Array<string | number>, node: string, before: readonly Row[]): Command[] => {
    const names = gives.get(node);
    if (!names || !before.some((row) => Object.keys(row).some((key) => names.has(key)))) return [];
    return [{ kind: "set_in", path, value: before.map((row) => renamedKeys(row, names)) }];
  };
  return [
    ...model.samples.flatMap((sample) => rows(["samples", sample.node, "rows"], sample.node, sample.rows)),
    ...model.tests.flatMap((test) => (["given", "expect"] as const).flatMap((part) =>
      Object.entries(test[part]).flatMap(([node, own]) => rows(["tests", test.name, part, node], node, own)))),
  ];
}
