/** What a document must say after a command: on plain values, whatever the text looks like. Nothing that is given is changed. */
import { t } from "../i18n";
import type { EdgeEnds, OnDocument } from "./commands";
import { CommandError } from "./errors";
import { edgeOf, endOf, list, record } from "./parts";
import { type Step, Unreachable, resolved, withIn } from "./reach";
import { renameTables } from "./sql";

export type Value = Readonly<Record<string, unknown>>;

/** The value of the document that is meant. CommandError where the command cannot be done. */
export function meaning(value: Value, command: OnDocument): Value {
  switch (command.kind) {
    case "set_property":
      return setProperty(value, command.node, command.property, command.value);
    case "rename_label":
      return withNode(value, command.node, (node) => withField(node, "label", command.label || undefined, ["component"]));
    case "set_disabled":
      return command.nodes.reduce((made, id) =>
        withNode(made, id, (node) => withField(node, "disabled", command.disabled || undefined, ["label", "component"])), value);
    case "add_node":
      if (hasNode(value, command.id)) throw new CommandError(t("there is a node “{node}” already", { node: command.id }));
      return { ...value, nodes: [...list(value.nodes), newNode(command)] };
    case "remove_nodes":
      return removeNodes(value, command.nodes);
    case "connect":
      return connect(value, command);
    case "additions":
      return command.commands.reduce(meaning, value);
    case "disconnect":
      return { ...value, edges: list(value.edges).toSpliced(edgeIndex(value, command), 1) };
    case "rename_node":
      return renameNode(value, command.node, command.to);
    case "set_in":
      return reached(value, command.path, command.value);
  }
}

/** Where a node stands in the document's list. CommandError where it is not in it. */
export function nodeIndex(value: Value, id: string): number {
  const index = list(value.nodes).findIndex((node) => record(node).id === id);
  if (index < 0) throw new CommandError(t("there is no node “{node}”", { node: id }));
  return index;
}

/** Where an edge stands in the document's list. CommandError where it is not in it. */
export function edgeIndex(value: Value, ends: EdgeEnds): number {
  const index = list(value.edges).findIndex((edge) => isEdge(edge, ends));
  if (index < 0) throw new CommandError(t("there is no edge from “{from}” to “{to}”", { from: ends.from, to: ends.to }));
  return index;
}

/** A node as `add_node` writes it. */
export function newNode({ id, component, label, properties }: Extract<OnDocument, { kind: "add_node" }>): Value {
  const some = properties && Object.keys(properties).length > 0;
  return { id, component, ...(label ? { label } : {}), ...(some ? { properties } : {}) };
}

/** An edge as `connect` writes it. */
export function newEdge({ from, to, port }: EdgeEnds): Value {
  return { from, to: port ? `${to}.${port}` : to };
}

/** A mapping with a field: where it is, else behind the first of `after` that is there, else at the end. */
export function withField(fields: Value, name: string, value: unknown, after: readonly string[] = []): Value {
  if (value === undefined) return Object.fromEntries(Object.entries(fields).filter(([each]) => each !== name));
  const before = name in fields ? undefined : after.find((each) => each in fields);
  if (before === undefined) return { ...fields, [name]: value };
  return Object.fromEntries(Object.entries(fields).flatMap(([each, own]) => (each === before ? [[each, own], [name, value]] : [[each, own]])));
}

function setProperty(value: Value, id: string, property: string, to: unknown): Value {
  return withNode(value, id, (node) => {
    const properties = withField(record(node.properties), property, to);
    const isNothing = !Object.keys(properties).length;
    return isNothing && to === undefined && !(property in record(node.properties)) ? node : withField(node, "properties", isNothing ? undefined : properties);
  });
}

function withNode(value: Value, id: string, change: (node: Value) => Value): Value {
  const nodes = list(value.nodes);
  const index = nodeIndex(value, id);
  return { ...value, nodes: nodes.with(index, change(record(nodes[index]))) };
}

function hasNode(value: Value, id: string): boolean {
  return list(value.nodes).some((node) => record(node).id === id);
}

function removeNodes(value: Value, ids: readonly string[]): Value {
  const gone = new Set(ids);
  for (const id of gone) nodeIndex(value, id);
  const nodes = list(value.nodes).filter((node) => !gone.has(String(record(node).id)));
  const edges = list(value.edges).filter((edge) => !edgeOf(edge).some(({ from, to }) => gone.has(from) || gone.has(to)));
  return { ...value, nodes, ...(value.edges === undefined ? {} : { edges: edges.length < list(value.edges).length ? edges : value.edges }) };
}

function connect(value: Value, ends: EdgeEnds): Value {
  nodeIndex(value, ends.from);
  nodeIndex(value, ends.to);
  if (list(value.edges).some((edge) => isEdge(edge, ends))) throw new CommandError(t("they are connected already"));
  return { ...value, edges: [...list(value.edges), newEdge(ends)] };
}

function isEdge(value: unknown, ends: EdgeEnds): boolean {
  return edgeOf(value).some(({ from, to, port }) => from === ends.from && to === ends.to && port === (ends.port ?? ""));
}

function reached(whole: Value, path: readonly Step[], value: unknown): Value {
  if (!path.length) throw new CommandError(t("there is nothing to set"));
  try {
    return withIn(whole, resolved(whole, path), value) as Value;
  } catch (error) {
    if (error instanceof Unreachable) throw new CommandError(t("there is no place {path} in the document", { path: error.message }));
    throw error;
  }
}

/** Whether a text can be a node's id. */
export function isId(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(text) && !text.includes("__");
}

function renameNode(value: Value, node: string, to: string): Value {
  nodeIndex(value, node);
  if (node === to) return value;
  if (!isId(to)) throw new CommandError(t("“{id}” cannot be an id: a letter first, then letters, digits and single _", { id: to }));
  if (hasNode(value, to)) throw new CommandError(t("there is a node “{node}” already", { node: to }));
  const name = (id: unknown) => (id === node ? to : id);
  const readers = new Set(list(value.edges).flatMap(edgeOf).flatMap((edge) => (edge.from === node ? [edge.to] : [])));
  const parts: Record<string, (part: unknown) => unknown> = {
    nodes: each((item) => renamedNode(item, node, to, readers)),
    edges: each((edge) => renamedEdge(edge, node, to)),
    groups: each((group) => (Array.isArray(group.nodes) && group.nodes.includes(node) ? { ...group, nodes: group.nodes.map(name) } : group)),
    samples: (part) => renamedKey(part, node, to),
    layout: (part) => renamedKey(part, node, to),
    tests: each((test) => ["given", "expect"].reduce<Value>((made, part) =>
      (node in record(made[part]) ? { ...made, [part]: renamedKey(made[part], node, to) } : made), test)),
  };
  return Object.fromEntries(Object.entries(value).map(([part, own]) => [part, parts[part]?.(own) ?? own]));
}

function each(change: (item: Value) => Value): (part: unknown) => unknown {
  return (part) => (Array.isArray(part) ? part.map((item: unknown) => (isMapping(item) ? change(item) : item)) : part);
}

function isMapping(value: unknown): value is Value {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function renamedNode(item: Value, node: string, to: string, readers: ReadonlySet<string>): Value {
  if (item.id === node) return { ...item, id: to };
  const query = record(item.properties).query;
  if (typeof query !== "string" || !readers.has(String(item.id))) return item;
  const made = renameTables(query, new Map([[node, to]]));
  return made === query ? item : { ...item, properties: { ...record(item.properties), query: made } };
}

function renamedEdge(edge: Value, node: string, to: string): Value {
  const end = typeof edge.to === "string" ? endOf(edge.to) : null;
  const from = edge.from === node ? { from: to } : {};
  return { ...edge, ...from, ...(end?.node === node ? { to: end.port ? `${to}.${end.port}` : to } : {}) };
}

function renamedKey(part: unknown, node: string, to: string): unknown {
  if (!isMapping(part) || !(node in part)) return part;
  return Object.fromEntries(Object.entries(part).map(([key, own]) => [key === node ? to : key, own]));
}
