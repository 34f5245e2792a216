/**
 * What is inside a component that the document defines, as a document of its own: it is drawn and edited like any other, and what was
 * edited there becomes one command on the definition. Its inputs and its output are nodes of it that stand for what is outside. Pure.
 */
import { isMap, isSeq } from "yaml";

import { t } from "../i18n";
import type { Command } from "./commands";
import { CommandError } from "./errors";
import { asWritten, asWrittenEdge } from "./gestures/subpipelines";
import { type Model, type ModelComponent, type ModelEdge, type ModelNode, readModel } from "./model";
import { list } from "./parts";
import { same } from "./splice";
import { parseYaml, printYaml } from "./yaml";

const MARK = ":";

/** The node that stands for the output of the component. */
export const OUTPUT = MARK;

/** The node, and its component, that stands for an input. */
export const inputNode = (name: string): string => `${MARK}${name}`;

/** Whether a node, or a component, stands for an input or the output. */
export const isEnd = (id: string): boolean => id.startsWith(MARK);

/** The input that such a node stands for; of any other its own name. */
export const tableName = (id: string): string => (isEnd(id) ? id.slice(MARK.length) : id);

/** Nodes of the document's own components, each inside the one before it; null where there is no such way. */
export function componentAt(model: Model, path: readonly string[]): ModelComponent | null {
  let nodes: readonly ModelNode[] = model.nodes;
  let found: ModelComponent | null = null;
  for (const id of path) {
    const component = nodes.find((node) => node.id === id)?.component;
    found = model.components.find((each) => each.name === component) ?? null;
    if (!found) return null;
    nodes = found.nodes;
  }
  return found;
}

/** How many nodes of the document, and of its components, are of a component. */
export function users(model: Model, component: string): number {
  return [model, ...model.components].reduce((sum, { nodes }) => sum + nodes.filter((node) => node.component === component).length, 0);
}

/** The component's inside as the text of a document. */
export function insideText(model: Model, own: ModelComponent): string {
  const parameters = [...own.properties.map(({ name, default: value }) => [name, { default: value }] as const),
    ...model.parameters.map(({ name, default: value }) => [name, { default: value }] as const)];
  const ends = own.inputs.map(({ name }) => ({ id: inputNode(name), component: inputNode(name), label: name }));
  return `${printYaml({
    name: own.title,
    parameters: Object.fromEntries(parameters),
    components: Object.fromEntries(model.components.map((each) => [each.name, each.value])),
    nodes: [...ends, ...own.nodes.map(asWritten), ...(own.output ? [{ id: OUTPUT, component: OUTPUT, label: t("output") }] : [])],
    edges: [
      ...own.inputs.map(({ name, node, port }) => asWrittenEdge({ from: inputNode(name), to: node, port })),
      ...own.edges.map(asWrittenEdge),
      ...(own.output ? [{ from: own.output, to: OUTPUT }] : []),
    ],
  })}\n`;
}

/** What an edit of the inside, from one text to another, is for the document. CommandError says what cannot be done there. */
export function outward(own: ModelComponent, before: string, after: string): Command {
  const [was, now] = [readModel(before), readModel(after)];
  checkKept(own, was, now);
  const [old, made] = [definition(own, was), definition(own, now)];
  const changed = Object.entries(made).filter(([name, value]) => !same(value, old[name]));
  const commands = [...brought(was, now), ...changed.map(([name, value]): Command => ({ kind: "set_in", path: ["components", own.name, name], value }))];
  if (!commands.length && before === after) throw new CommandError(t("inside a component nodes are placed by themselves"));
  return { kind: "all", commands };
}

/** Ends stay, and what a component cannot hold does not come. */
function checkKept(own: ModelComponent, was: Model, now: Model): void {
  if (list(own.value.nodes).length !== own.nodes.length) throw new CommandError(t("this component cannot be read: mend it in the document first"));
  const ends = (model: Model) => model.nodes.filter((node) => isEnd(node.id) || isEnd(node.component));
  if (!same(ends(was), ends(now))) throw new CommandError(t("a component keeps its inputs and its output: they are changed in the document"));
  if (now.groups.length || now.notes.length) throw new CommandError(t("groups and notes cannot be inside a component"));
}

function definition(own: ModelComponent, now: Model): Record<string, unknown> {
  const inputs = own.inputs.map(({ name }) => [name, end(only(now.edges.filter((edge) => edge.from === inputNode(name)),
    t("the input “{port}” feeds exactly one node", { port: name })))] as const);
  const inner = now.edges.filter((edge) => !isEnd(edge.from) && !isEnd(edge.to));
  return {
    inputs: Object.fromEntries(inputs),
    ...(own.output ? { output: only(now.edges.filter((edge) => edge.to === OUTPUT), t("exactly one node gives the output")).from } : {}),
    nodes: asBefore(now.nodes.filter((node) => !isEnd(node.id)).map(asWritten), own.nodes.map(asWritten), list(own.value.nodes)),
    edges: inner.map(asWrittenEdge),
  };
}

/** What says the same as before is written as it was. */
function asBefore(now: readonly unknown[], was: readonly unknown[], raw: readonly unknown[]): unknown[] {
  return now.map((each) => raw[was.findIndex((other) => same(each, other))] ?? each);
}

function only(edges: readonly ModelEdge[], why: string): ModelEdge {
  const [edge] = edges;
  if (!edge || edges.length > 1 || (isEnd(edge.from) && isEnd(edge.to))) throw new CommandError(why);
  return edge;
}

function end({ to, port }: ModelEdge): string {
  return port ? `${to}.${port}` : to;
}

/** Components and parameters that came along with what was pasted, or were made of what is inside. */
function brought(was: Model, now: Model): Command[] {
  const components = now.components.filter(({ name, value }) => !same(value, was.components.find((each) => each.name === name)?.value));
  const parameters = now.parameters.filter(({ name }) => !was.parameters.some((each) => each.name === name));
  return [
    ...components.map(({ name, value }): Command => ({ kind: "set_in", path: ["components", name], value })),
    ...parameters.map(({ name, default: value }): Command => ({ kind: "set_in", path: ["parameters", name], value: value === null ? {} : { default: value } })),
  ];
}

/** The line of a document at which a node inside of a component stands, from 1; that of the component where there is no such node. */
export function lineInside(text: string, component: string, node: string): number {
  const own: unknown = parseYaml(text).getIn(["components", component], true);
  const nodes: unknown = isMap(own) ? own.get("nodes", true) : null;
  const found = isSeq(nodes) ? nodes.items.find((item) => isMap(item) && item.get("id") === node) : undefined;
  const range = (isMap(found) ? found : isMap(own) ? own : null)?.range;
  return text.slice(0, range?.[0] ?? 0).split("\n").length;
}
