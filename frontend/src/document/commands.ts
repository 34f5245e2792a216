/**
 * Every change of a pipeline, as a value. `apply` is pure and gives the command that takes the change back to the letter.
 *
 * Commands on the document become small edits of its text, so that comments, order and style of everything else stay.
 * What the edits made is read again and compared with what was meant; text written in a way that the edits do not
 * handle is printed anew by the YAML library, comments included.
 */
import { type YAMLMap, isMap, isSeq } from "yaml";
import { CommandError } from "./errors";
import { type TextEdit, applyEdits, editBetween, invertEdits } from "./edits";
import { t } from "../i18n";
import { type Layout, type Place, edgeOf, nodeItem, valueOf } from "./model";
import { type Edits, addItem, addPair, changeInside, fillList, pairOf, removeItems, removePair, replaceValue, same } from "./splice";
import { type Step, Unreachable, editsInside, withIn } from "./reach";
import { disabling, renaming } from "./renaming";
import { type Parsed, parseYaml } from "./yaml";

export { CommandError } from "./errors";
export type { Step } from "./reach";

/** What commands change: the document's text, and where its nodes are drawn, which is no part of it. */
export interface Pipeline {
  readonly text: string;
  readonly layout: Layout;
}

export interface EdgeEnds {
  from: string;
  to: string;
  port?: string;
}

export type Command =
  | { kind: "set_property"; node: string; property: string; value: unknown } // undefined: its default again
  | { kind: "rename_label"; node: string; label: string } // "": no label
  | { kind: "move_nodes"; positions: Readonly<Record<string, Place | null>> } // null: placed by itself
  | { kind: "add_node"; id: string; component: string; label?: string; properties?: Record<string, unknown> }
  | { kind: "remove_nodes"; nodes: readonly string[] } // and their edges
  | ({ kind: "connect" } & EdgeEnds)
  | ({ kind: "disconnect" } & EdgeEnds)
  | { kind: "set_disabled"; nodes: readonly string[]; disabled: boolean }
  | { kind: "rename_node"; node: string; to: string } // everything that names it follows
  | { kind: "set_in"; path: readonly Step[]; value?: unknown } // undefined: it goes; an index at the end of a list: a further item
  | { kind: "edit_text"; edits: readonly TextEdit[] }
  | { kind: "all"; commands: readonly Command[] };

export interface Applied {
  pipeline: Pipeline;
  /** Takes the command back: applied to `pipeline` it gives what was before, letter for letter. */
  inverse: Command;
}

/** The command's effect. CommandError where there is nothing it could change. */
export function apply(pipeline: Pipeline, command: Command): Applied {
  switch (command.kind) {
    case "move_nodes":
      return move(pipeline, command.positions);
    case "edit_text":
      return edited(pipeline, command.edits);
    case "all":
      return all(pipeline, command.commands);
    case "rename_node":
      return all(pipeline, renaming(pipeline, command.node, command.to));
    case "set_disabled":
      return all(pipeline, disabling(pipeline.text, command.nodes, command.disabled));
    default:
      return edited(pipeline, planned(pipeline.text, command));
  }
}

/** Everything of `after` in place of what there is: an import, a restored revision, the other side of a conflict. */
export function replaceText(before: string, after: string): Command {
  return { kind: "edit_text", edits: editBetween(before, after) };
}

function edited(pipeline: Pipeline, edits: readonly TextEdit[]): Applied {
  return {
    pipeline: { ...pipeline, text: applyEdits(pipeline.text, edits) },
    inverse: { kind: "edit_text", edits: invertEdits(pipeline.text, edits) },
  };
}

function all(pipeline: Pipeline, commands: readonly Command[]): Applied {
  const inverses: Command[] = [];
  let current = pipeline;
  for (const command of commands) {
    const applied = apply(current, command);
    current = applied.pipeline;
    inverses.unshift(applied.inverse);
  }
  return { pipeline: current, inverse: { kind: "all", commands: inverses } };
}

function move(pipeline: Pipeline, positions: Readonly<Record<string, Place | null>>): Applied {
  const before: Record<string, Place | null> = {};
  const layout: Record<string, Place> = { ...pipeline.layout };
  for (const [node, place] of Object.entries(positions)) {
    before[node] = pipeline.layout[node] ?? null;
    if (place) layout[node] = place;
    else Reflect.deleteProperty(layout, node);
  }
  return { pipeline: { ...pipeline, layout }, inverse: { kind: "move_nodes", positions: before } };
}

type OnDocument = Exclude<Command, { kind: "move_nodes" | "edit_text" | "all" | "rename_node" | "set_disabled" }>;

/** How a command is done: what the document must say then, ways of editing the text, and the way that always works. */
interface Plan {
  meant: Record<string, unknown>;
  ways: Array<() => Edits>;
  printed(): void;
}

function planned(text: string, command: OnDocument): TextEdit[] {
  const parsed = parseYaml(text);
  if (parsed.errors.length || !isMap(parsed.contents)) throw new CommandError(t("the document cannot be read: mend it first"));
  const plan = PLANS[command.kind](text, parsed, command as never);
  for (const way of plan.ways) {
    const edits = attempt(way, text, plan.meant);
    if (edits) return edits;
  }
  plan.printed();
  return editBetween(text, String(parsed));
}

function attempt(way: () => Edits, text: string, meant: unknown): TextEdit[] | null {
  try {
    const edits = way();
    if (!edits) return null;
    const made = parseYaml(applyEdits(text, edits));
    return !made.errors.length && same(valueOf(made), meant) ? edits : null;
  } catch (error) {
    if (error instanceof RangeError) return null; // edits that overlap: another way is tried
    throw error;
  }
}

type Planner<K extends OnDocument["kind"]> = (text: string, parsed: Parsed, command: Extract<Command, { kind: K }>) => Plan;

const PLANS: { [K in OnDocument["kind"]]: Planner<K> } = {
  set_property: setProperty,
  rename_label: (text, parsed, { node, label }) => setField(text, parsed, node, "label", label || undefined, "component"),
  add_node: addNode,
  remove_nodes: removeNodes,
  connect: (text, parsed, { from, to, port }) => {
    nodeOf(parsed, from);
    nodeOf(parsed, to);
    if (edgesOf(parsed).some((edge) => sameEdge(edge, { from, to, port }))) throw new CommandError(t("they are connected already"));
    return added(text, parsed, "edges", { from, to: port ? `${to}.${port}` : to });
  },
  disconnect: (text, parsed, ends) => {
    const index = edgesOf(parsed).findIndex((edge) => sameEdge(edge, ends));
    if (index < 0) throw new CommandError(t("there is no edge from “{from}” to “{to}”", { from: ends.from, to: ends.to }));
    return removed(text, parsed, { edges: [index] });
  },
  set_in: (text, parsed, { path, value }) => setIn(text, parsed, path, value),
};

function setIn(text: string, parsed: Parsed, path: readonly Step[], value: unknown): Plan {
  if (!path.length) throw new CommandError(t("there is nothing to set"));
  const meant = reached(valueOf(parsed), path, value) as Record<string, unknown>;
  const coarser = path.slice(1).map((_, i) => path.slice(0, path.length - 1 - i));
  const ways = [path, ...coarser].map((each, i) => () => editsInside(text, parsed.contents, each, i ? at(meant, each) : value));
  return { meant, ways, printed: () => (value === undefined ? parsed.deleteIn(path) : parsed.setIn(path, value)) };
}

function at(value: unknown, path: readonly Step[]): unknown {
  return path.reduce<unknown>((inner, step) => (inner as Record<Step, unknown> | undefined)?.[step], value);
}

function reached(whole: unknown, path: readonly Step[], value: unknown): unknown {
  try {
    return withIn(whole, path, value);
  } catch (error) {
    if (error instanceof Unreachable) throw new CommandError(t("there is no place {path} in the document", { path: error.message }));
    throw error;
  }
}

function setProperty(text: string, parsed: Parsed, command: Extract<Command, { kind: "set_property" }>): Plan {
  const item = nodeOf(parsed, command.node);
  const { property, value } = command;
  const properties = item.get("properties", true);
  if (!isMap(properties) || !properties.items.length) {
    return setField(text, parsed, command.node, "properties", value === undefined ? undefined : { [property]: value }, "");
  }
  if (value === undefined && properties.items.length === 1 && properties.has(property)) {
    return setField(text, parsed, command.node, "properties", undefined, "");
  }
  const path = [...pathOf(parsed, item), "properties"];
  return changed(text, parsed, properties, path, property, value, "");
}

function setField(text: string, parsed: Parsed, node: string, field: string, value: unknown, after: string): Plan {
  const item = nodeOf(parsed, node);
  return changed(text, parsed, item, pathOf(parsed, item), field, value, after);
}

/** A pair of a map gets a value, comes, or goes. */
function changed(text: string, parsed: Parsed, map: YAMLMap, path: Array<string | number>, key: string, value: unknown,
                 after: string): Plan {
  const meant = valueOf(parsed);
  const target = path.reduce<unknown>((at, step) => (at as Record<string | number, unknown>)[step], meant);
  const fields = target as Record<string, unknown>;
  const present = pairOf(map, key) !== undefined;
  if (value === undefined) Reflect.deleteProperty(fields, key);
  else if (present || !(after in fields)) fields[key] = value;
  else insertAfter(fields, after, key, value);
  const ways = value === undefined ? [() => (present ? removePair(text, map, key) : [])]
    : present ? [() => changeInside(text, map, key, value), () => replaceValue(text, map, key, value)]
      : [() => addPair(text, map, key, value, after)];
  return { meant, ways, printed: () => (value === undefined ? parsed.deleteIn([...path, key]) : parsed.setIn([...path, key], value)) };
}

function insertAfter(fields: Record<string, unknown>, after: string, key: string, value: unknown): void {
  const entries = Object.entries(fields);
  for (const name of Object.keys(fields)) Reflect.deleteProperty(fields, name);
  for (const [name, each] of entries) {
    fields[name] = each;
    if (name === after) fields[key] = value;
  }
}

function addNode(text: string, parsed: Parsed, command: Extract<Command, { kind: "add_node" }>): Plan {
  if (nodeItem(parsed, command.id)) throw new CommandError(t("there is a node “{node}” already", { node: command.id }));
  const { id, component, label, properties } = command;
  const hasProperties = properties && Object.keys(properties).length > 0;
  const node = { id, component, ...(label ? { label } : {}), ...(hasProperties ? { properties } : {}) };
  return added(text, parsed, "nodes", node);
}

/** An item at the end of a list of the document. */
function added(text: string, parsed: Parsed, key: "nodes" | "edges", value: Record<string, unknown>): Plan {
  const meant = valueOf(parsed);
  const root = parsed.contents as unknown as YAMLMap;
  const list = root.get(key, true);
  const old = Array.isArray(meant[key]) ? (meant[key] as unknown[]) : [];
  meant[key] = [...old, value];
  const ways = isSeq(list) && list.items.length ? [() => addItem(text, list, value)] : [() => fillList(text, root, key, [value])];
  const printed = () => (isSeq(list) ? parsed.addIn([key], value) : parsed.setIn([key], [value]));
  return { meant, ways, printed };
}

function removeNodes(text: string, parsed: Parsed, command: Extract<Command, { kind: "remove_nodes" }>): Plan {
  const gone = new Set(command.nodes);
  for (const node of gone) nodeOf(parsed, node);
  const nodes = listOf(parsed, "nodes").flatMap((item, i) => (isMap(item) && gone.has(String(item.get("id"))) ? [i] : []));
  const edges = edgesOf(parsed).flatMap((edge, i) => (edge && (gone.has(edge.from) || gone.has(edge.to)) ? [i] : []));
  return removed(text, parsed, { nodes, edges });
}

/** Items of the document's lists go. */
function removed(text: string, parsed: Parsed, lists: { nodes?: number[]; edges?: number[] }): Plan {
  const meant = valueOf(parsed);
  const named = Object.entries(lists).filter(([, indices]) => indices.length) as Array<["nodes" | "edges", number[]]>;
  for (const [key, indices] of named) meant[key] = (meant[key] as unknown[]).filter((_, i) => !indices.includes(i));
  const way = (): Edits => {
    const every = named.map(([key, indices]) => {
      const list = (parsed.contents as unknown as YAMLMap).get(key, true);
      return isSeq(list) ? removeItems(text, list, indices) : null;
    });
    return every.every((edits) => edits !== null) ? every.flat() : null;
  };
  const printed = () => {
    for (const [key, indices] of named) for (const i of [...indices].reverse()) parsed.deleteIn([key, i]);
  };
  return { meant, ways: [way], printed };
}

function nodeOf(parsed: Parsed, id: string): YAMLMap {
  const item = nodeItem(parsed, id);
  if (!item) throw new CommandError(t("there is no node “{node}”", { node: id }));
  return item;
}

function pathOf(parsed: Parsed, item: YAMLMap): Array<string | number> {
  return ["nodes", listOf(parsed, "nodes").indexOf(item)];
}

function listOf(parsed: Parsed, key: "nodes" | "edges"): unknown[] {
  const list = isMap(parsed.contents) ? parsed.contents.get(key, true) : null;
  return isSeq(list) ? (list.items as unknown[]) : [];
}

function edgesOf(parsed: Parsed): Array<{ from: string; to: string; port: string } | undefined> {
  return listOf(parsed, "edges").map((item) => (isMap(item) ? edgeOf(item.toJS(parsed))[0] : undefined));
}

function sameEdge(edge: { from: string; to: string; port: string } | undefined, ends: EdgeEnds): boolean {
  return edge?.from === ends.from && edge.to === ends.to && edge.port === (ends.port ?? "");
}
