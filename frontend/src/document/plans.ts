/** How commands are done in the text: small edits that leave every other letter alone, each command in ways to be tried in turn. */
import { type Scalar, type YAMLMap, type YAMLSeq, isMap, isScalar, isSeq } from "yaml";
import type { EdgeEnds, OnDocument } from "./commands";
import type { TextEdit } from "./edits";
import { type Value, newEdge, newNode } from "./meaning";
import { edgeOf, endOf, record } from "./parts";
import { editsInside } from "./reach";
import { type Edits, addItem, addPair, changeInside, fillList, pairOf, removeItems, removePair, replaceValue } from "./splice";
import { isPlain } from "./yaml";

/** A way gives edits, or null where the text is written in a way that it does not handle. */
export type Way = () => Edits;

type Ways<K extends OnDocument["kind"]> = (text: string, root: YAMLMap, command: Extract<OnDocument, { kind: K }>, meant: Value) => Way[];

/** The ways of a command in a document's text. `meant`: what the document must say then. */
export function waysOf(text: string, root: YAMLMap, command: OnDocument, meant: Value): Way[] {
  return (WAYS[command.kind] as Ways<OnDocument["kind"]>)(text, root, command, meant);
}

const WAYS: { [K in OnDocument["kind"]]: Ways<K> } = {
  set_property: setProperty,
  rename_label: (text, root, { node, label }) => [() => setField(text, nodeItem(root, node), "label", label || undefined, ["component"])],
  set_disabled: (text, root, { nodes, disabled }) => [() =>
    together(nodes.map((node) => setField(text, nodeItem(root, node), "disabled", disabled || undefined, ["label", "component"])))],
  add_node: (text, root, command) => [() => addTo(text, root, "nodes", [newNode(command)])],
  remove_nodes: (text, root, { nodes }) => [() => removeNodes(text, root, new Set(nodes))],
  connect: (text, root, command) => [() => addTo(text, root, "edges", [newEdge(command)])],
  additions: (text, root, { commands }) => [() => addTo(text, root, commands[0]?.kind === "add_node" ? "nodes" : "edges",
    commands.map((command) => (command.kind === "add_node" ? newNode(command) : newEdge(command))))],
  disconnect: (text, root, command) => [() => disconnect(text, root, command)],
  rename_node: (text, root, { node, to }, meant) => [() => renameNode(text, root, node, to, meant)],
  set_in: (text, root, { path, value }, meant) => path.map((_, i) => () =>
    editsInside(text, root, path.slice(0, path.length - i), i ? at(meant, path.slice(0, path.length - i)) : value)),
};

function at(value: unknown, path: ReadonlyArray<string | number>): unknown {
  return path.reduce<unknown>((inner, step) => (inner as Record<string | number, unknown> | undefined)?.[step], value);
}

function together(all: readonly Edits[]): Edits {
  return all.every((edits) => edits !== null) ? all.flat() : null;
}

function setProperty(text: string, root: YAMLMap, command: Extract<OnDocument, { kind: "set_property" }>): Way[] {
  const item = nodeItem(root, command.node);
  const { property, value } = command;
  const properties = item?.get("properties", true);
  if (!isMap(properties) || !properties.items.length) {
    return [() => setField(text, item, "properties", value === undefined ? undefined : { [property]: value })];
  }
  if (value === undefined && properties.items.length === 1 && properties.has(property)) return [() => setField(text, item, "properties", undefined)];
  return [() => setField(text, properties as YAMLMap, property, value), () => replaceValue(text, properties as YAMLMap, property, value)];
}

/** A pair of a mapping gets a value, comes (behind the first of `after` that is there), or goes. */
function setField(text: string, map: YAMLMap | undefined, key: string, value: unknown, after: readonly string[] = []): Edits {
  if (!map) return null;
  const present = pairOf(map, key) !== undefined;
  if (value === undefined) return present ? removePair(text, map, key) : [];
  return present ? changeInside(text, map, key, value) : addPair(text, map, key, value, after.find((each) => pairOf(map, each)));
}

/** Items at the end of a list of the document. */
function addTo(text: string, root: YAMLMap, key: string, values: readonly Value[]): Edits {
  const items = root.get(key, true);
  return isSeq(items) && items.items.length ? together(values.map((value) => addItem(text, items as YAMLSeq, value))) : fillList(text, root, key, values);
}

function removeNodes(text: string, root: YAMLMap, gone: ReadonlySet<string>): Edits {
  const nodes = itemsOf(root, "nodes").flatMap((item, i) => (isMap(item) && gone.has(String(item.get("id"))) ? [i] : []));
  const edges = itemsOf(root, "edges").flatMap((item, i) =>
    (edgeAt(item).some(({ from, to }) => gone.has(from) || gone.has(to)) ? [i] : []));
  return together([removeFrom(text, root, "nodes", nodes), removeFrom(text, root, "edges", edges)]);
}

function disconnect(text: string, root: YAMLMap, ends: EdgeEnds): Edits {
  const index = itemsOf(root, "edges").findIndex((item) =>
    edgeAt(item).some(({ from, to, port }) => from === ends.from && to === ends.to && port === (ends.port ?? "")));
  return index < 0 ? null : removeFrom(text, root, "edges", [index]);
}

function removeFrom(text: string, root: YAMLMap, key: string, indices: readonly number[]): Edits {
  if (!indices.length) return [];
  const items = root.get(key, true);
  return isSeq(items) ? removeItems(text, items as YAMLSeq, indices) : null;
}

/** The map of a node; undefined where there is none. */
function nodeItem(root: YAMLMap, id: string): YAMLMap | undefined {
  return itemsOf(root, "nodes").find((item): item is YAMLMap => isMap(item) && item.get("id") === id);
}

function itemsOf(root: YAMLMap, key: string): unknown[] {
  const items = root.get(key, true);
  return isSeq(items) ? (items.items as unknown[]) : [];
}

function edgeAt(item: unknown): ReturnType<typeof edgeOf> {
  return isMap(item) ? edgeOf(item.toJSON()) : [];
}

/** Every place that names the node: scalars and keys, and the queries as they are meant. */
function renameNode(text: string, root: YAMLMap, node: string, to: string, meant: Value): Edits {
  const edits: Edits[] = [];
  const scalar = (value: unknown, made = to) => edits.push(isScalar(value) ? rewritten(text, value as Scalar, made) : null);
  itemsOf(root, "nodes").forEach((item, i) => {
    if (!isMap(item)) return;
    if (item.get("id") === node) scalar(item.get("id", true));
    const properties = item.get("properties", true);
    const query = record(record((meant.nodes as unknown[])[i]).properties).query;
    if (isMap(properties) && typeof query === "string" && properties.get("query") !== query) edits.push(replaceValue(text, properties as YAMLMap, "query", query));
  });
  for (const item of itemsOf(root, "edges")) {
    if (!isMap(item)) continue;
    if (item.get("from") === node) scalar(item.get("from", true));
    const end = endOf(String(item.get("to") ?? ""));
    if (end.node === node) scalar(item.get("to", true), end.port ? `${to}.${end.port}` : to);
  }
  for (const group of itemsOf(root, "groups")) for (const each of isMap(group) ? itemsOf(group as YAMLMap, "nodes") : []) if (isScalar(each) && each.value === node) scalar(each);
  const keyed = [root.get("samples", true), root.get("layout", true),
    ...itemsOf(root, "tests").flatMap((test) => (isMap(test) ? [test.get("given", true), test.get("expect", true)] : []))];
  for (const map of keyed) {
    const pair = isMap(map) ? pairOf(map as YAMLMap, node) : undefined;
    if (pair) scalar(pair.key);
  }
  return together(edits);
}

/** A word in place of another one, in the quotes that it had. */
function rewritten(text: string, scalar: Scalar, word: string): TextEdit[] | null {
  const [from, to] = scalar.range ?? [-1, -1];
  if (from < 0) return null;
  const quote = text[from] === "'" || text[from] === '"' ? (text[from] as string) : isPlain(word) ? "" : '"';
  return [{ from, to, insert: `${quote}${word}${quote}` }];
}
