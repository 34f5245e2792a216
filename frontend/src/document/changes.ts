/** What differs between two documents in meaning: comments, order and layout are no change. */
import { msg, t } from "../i18n";
import { type Model, type ModelEdge, type ModelNode, readModel } from "./model";
import { same } from "./splice";

export interface Change {
  kind: "added" | "removed" | "changed";
  /** What it is about: a node, an edge, a parameter, a setting, a component, a sample, a test, or the document itself. */
  what: "node" | "edge" | "parameter" | "setting" | "component" | "sample" | "test" | "document";
  /** The node; for an edge the one it ends at. */
  node: string | null;
  /** For people: "filter.condition", "shop to clicks". */
  name: string;
  before?: unknown;
  after?: unknown;
}

/** The changes that lead from one document to another, in the order of the document after them. */
export function changesBetween(before: string, after: string): Change[] {
  const [a, b] = [readModel(before), readModel(after)];
  return [
    ...fields("document", { name: a.name, description: a.description }, { name: b.name, description: b.description }),
    ...fields("parameter", parametersOf(a), parametersOf(b)),
    ...fields("setting", a.settings, b.settings),
    ...nodeChanges(a.nodes, b.nodes),
    ...edgeChanges(a.edges, b.edges),
    ...fields("component", Object.fromEntries(a.components.map((each) => [each.name, each.value])), Object.fromEntries(b.components.map((each) => [each.name, each.value]))),
    ...fields("sample", byName(a.samples, "node"), byName(b.samples, "node")),
    ...fields("test", byName(a.tests, "name"), byName(b.tests, "name")),
  ];
}

function byName<K extends string, T extends Record<K, string>>(items: readonly T[], key: K): Record<string, unknown> {
  return Object.fromEntries(items.map((item) => [item[key], item]));
}

const WHAT: Record<Change["what"], string> = {
  node: msg("node"), edge: msg("edge"), parameter: msg("parameter"), setting: msg("setting"), component: msg("component"), sample: msg("sample"),
  test: msg("test"), document: msg("document"),
};

/** A change in words. */
export function describe(change: Change): string {
  const values = { what: t(WHAT[change.what]), name: change.name };
  if (change.kind === "added") return t("{what} {name} new", values);
  return change.kind === "removed" ? t("{what} {name} removed", values) : t("{what} {name} changed", values);
}

function parametersOf(model: Model): Record<string, unknown> {
  return Object.fromEntries(model.parameters.map(({ name, ...rest }) => [name, rest]));
}

function fields(what: Change["what"], before: Record<string, unknown>, after: Record<string, unknown>, node: string | null = null): Change[] {
  const names = [...new Set([...Object.keys(after), ...Object.keys(before)])];
  return names.flatMap((name): Change[] => {
    const shown = node ? `${node}.${name}` : name;
    if (!(name in before)) return [{ kind: "added", what, node, name: shown, after: after[name] }];
    if (!(name in after)) return [{ kind: "removed", what, node, name: shown, before: before[name] }];
    if (same(before[name], after[name])) return [];
    return [{ kind: "changed", what, node, name: shown, before: before[name], after: after[name] }];
  });
}

function nodeChanges(before: ModelNode[], after: ModelNode[]): Change[] {
  const old = new Map(before.map((node) => [node.id, node]));
  const now = new Set(after.map((node) => node.id));
  const changed = after.flatMap((node): Change[] => {
    const was = old.get(node.id);
    if (!was) return [{ kind: "added", what: "node", node: node.id, name: node.id }];
    return fields("node", asFields(was), asFields(node), node.id);
  });
  const removed = before.filter((node) => !now.has(node.id));
  return [...changed, ...removed.map((node): Change => ({ kind: "removed", what: "node", node: node.id, name: node.id }))];
}

function asFields(node: ModelNode): Record<string, unknown> {
  return { component: node.component, label: node.label, disabled: node.disabled, ...node.properties };
}

function edgeChanges(before: ModelEdge[], after: ModelEdge[]): Change[] {
  const key = (edge: ModelEdge) => `${edge.from} to ${edge.to}${edge.port && `.${edge.port}`}`;
  const [old, now] = [new Set(before.map(key)), new Set(after.map(key))];
  const change = (kind: "added" | "removed") => (edge: ModelEdge): Change => ({ kind, what: "edge", node: edge.to, name: key(edge) });
  return [
    ...after.filter((edge) => !old.has(key(edge))).map(change("added")),
    ...before.filter((edge) => !now.has(key(edge))).map(change("removed")),
  ];
}
