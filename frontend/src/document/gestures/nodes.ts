/** Nodes come, go, and change places in the graph. */
import { t } from "../../i18n";
import type { Command } from "../commands";
import { CommandError } from "../errors";
import type { Layout, Model, ModelEdge, ModelNode } from "../model";
import { type Ports, nodeView } from "./ports";
import { connectWire, judge, portOfEdge, sameEdge, written } from "./wires";

export interface Wanted {
  component: string;
  label?: string;
  properties?: Record<string, unknown>;
  at?: readonly [number, number];
  /** Wired behind this node. */
  after?: { node: string; port?: string };
  /** Wired before this node, to this input of it. */
  before?: { node: string; port?: string };
  /** Put between both ends of this wire. */
  onEdge?: ModelEdge;
}

export interface Made {
  command: Command;
  id: string;
}

/** A readable id that nobody has: filter, filter2, filter3. */
export function freshId(model: Model, component: string, taken: ReadonlySet<string> = new Set()): string {
  const word = component.replaceAll(/[^A-Za-z0-9]+/g, "_").replaceAll(/^[_0-9]+|_+$/g, "") || "node";
  const has = (id: string) => taken.has(id) || model.nodes.some((node) => node.id === id) || model.notes.some((note) => note.id === id)
    || model.groups.some((group) => group.id === id);
  if (!has(word)) return word;
  let number = 2;
  while (has(`${word}${number}`)) number++;
  return `${word}${number}`;
}

/** A node of a component, wired as wanted. CommandError says which wire cannot be. */
export function addNode(model: Model, ports: Ports, wanted: Wanted): Made {
  const { component, label = "", properties = {}, at } = wanted;
  const id = freshId(model, component);
  const node: ModelNode = { id, component, label, disabled: false, properties };
  const grown = { ...model, nodes: [...model.nodes, node] };
  const commands: Command[] = [{ kind: "add_node", id, component, label, properties }];
  if (wanted.onEdge) commands.push(...between(grown, ports, id, wanted.onEdge));
  if (wanted.after) commands.push(connectWire(grown, ports, wanted.after.node, id, wanted.after.port));
  if (wanted.before) commands.push(connectWire(grown, ports, id, wanted.before.node, wanted.before.port));
  if (at) commands.push({ kind: "move_nodes", positions: { [id]: [Math.round(at[0]), Math.round(at[1])] } });
  return { command: { kind: "all", commands }, id };
}

/** A node that is there already is put between both ends of a wire. */
export function splice(model: Model, ports: Ports, node: string, edge: ModelEdge): Command {
  return { kind: "all", commands: between(model, ports, node, edge) };
}

/** Whether a node, or one of a component, fits between both ends of a wire; why not, for people. */
export function judgeSplice(model: Model, ports: Ports, node: string, edge: ModelEdge): string | null {
  try {
    between(model, ports, node, edge);
    return null;
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
}

function between(model: Model, ports: Ports, node: string, edge: ModelEdge): Command[] {
  if (edge.from === node || edge.to === node) throw new CommandError(t("the wire ends at this node already"));
  const port = portOfEdge(model, ports, edge);
  const without = { ...model, edges: model.edges.filter((each) => !sameEdge(each, edge)) };
  const first = connectWire(without, ports, edge.from, node);
  const joined = { ...without, edges: [...without.edges, { from: edge.from, to: node, port: "" }] };
  return [{ kind: "disconnect", ...edge }, first, connectWire(joined, ports, node, edge.to, port)];
}

/** The wire that a node gets at the next of its inputs that the source fits; null where it fits but one. */
export function cyclePort(model: Model, ports: Ports, edge: ModelEdge): Command | null {
  const [source, target] = [nodeView(model, ports, edge.from), nodeView(model, ports, edge.to)];
  const without = { ...model, edges: model.edges.filter((each) => !sameEdge(each, edge)) };
  const open = (target?.inputs ?? []).filter((port) => port.relation === source?.gives
    && judge(without, ports, edge.from, edge.to, port.name).why === undefined);
  const at = open.findIndex((port) => port.name === portOfEdge(model, ports, edge));
  const next = open[(at + 1) % open.length];
  if (open.length < 2 || !next) return null;
  return { kind: "all", commands: [{ kind: "disconnect", ...edge }, { kind: "connect", from: edge.from, to: edge.to, port: written(target, next.name) }] };
}

/** Nodes go, with their wires and all that names them. What fed them feeds what they fed, where it fits. */
export function removeHealing(model: Model, ports: Ports, nodes: readonly string[]): Command {
  const gone = new Set(nodes);
  let left: Model = { ...model, edges: model.edges.filter((edge) => !gone.has(edge.from) && !gone.has(edge.to)) };
  const healed: Command[] = [];
  for (const edge of model.edges) {
    if (!gone.has(edge.from) || gone.has(edge.to)) continue;
    const source = passing(model, ports, edge.from, gone);
    const port = portOfEdge(model, ports, edge);
    if (!source || judge(left, ports, source, edge.to, port).why !== undefined) continue;
    const made = { from: source, to: edge.to, port: written(nodeView(model, ports, edge.to), port) };
    healed.push({ kind: "connect", ...made });
    left = { ...left, edges: [...left.edges, made] };
  }
  return { kind: "all", commands: [...removal(model, nodes), ...healed] };
}

/** Nodes go, and nothing takes their place. */
export function remove(model: Model, nodes: readonly string[]): Command {
  return { kind: "all", commands: removal(model, nodes) };
}

function removal(model: Model, nodes: readonly string[]): Command[] {
  const unplaced: Command = { kind: "move_nodes", positions: Object.fromEntries(nodes.map((node) => [node, null])) };
  return [{ kind: "remove_nodes", nodes }, unplaced, ...forgotten(model, new Set(nodes))];
}

/** What else names nodes: groups, samples, tests, and places that the document itself has. */
export function forgotten(model: Model, gone: ReadonlySet<string>): Command[] {
  const tests = model.tests.flatMap((test) => (["given", "expect"] as const).flatMap((part) =>
    Object.keys(test[part]).flatMap((node): Command[] => (gone.has(node) ? [{ kind: "set_in", path: ["tests", test.name, part, node] }] : []))));
  return [
    ...leaving(model, gone),
    ...model.samples.flatMap(({ node }): Command[] => (gone.has(node) ? [{ kind: "set_in", path: ["samples", node] }] : [])),
    ...tests,
    ...Object.keys(model.layout).flatMap((node): Command[] => (gone.has(node) ? [{ kind: "set_in", path: ["layout", node] }] : [])),
  ];
}

/** Nodes leave the groups they are in, and groups that are empty then go. */
export function leaving(model: Model, nodes: ReadonlySet<string>): Command[] {
  return model.groups.flatMap((group): Command[] => {
    const kept = group.nodes.filter((node) => !nodes.has(node));
    if (kept.length === group.nodes.length) return [];
    return [kept.length ? { kind: "set_in", path: ["groups", group.id, "nodes"], value: kept } : { kind: "set_in", path: ["groups", group.id] }];
  });
}

/** The node outside whose rows pass through a node that goes. */
function passing(model: Model, ports: Ports, node: string, gone: ReadonlySet<string>): string | null {
  const seen = new Set<string>();
  let at = node;
  while (gone.has(at)) {
    if (seen.has(at)) return null;
    seen.add(at);
    const view = nodeView(model, ports, at);
    const first = view?.inputs.find((port) => port.relation === view.gives) ?? null;
    const into = model.edges.filter((edge) => edge.to === at && first && portOfEdge(model, ports, edge) === first.name);
    if (into.length !== 1 || !into[0]) return null;
    at = into[0].from;
  }
  return at;
}

export interface Copies {
  command: Command;
  ids: string[];
}

const BESIDE = 40;

/** The nodes once more, with the wires between them; those from outside too where wished. */
export function duplicate(model: Model, nodes: readonly string[], layout: Layout = {}, keepWires = false): Copies {
  const chosen = model.nodes.filter((node) => nodes.includes(node.id));
  const names = namesFor(model, chosen);
  const commands: Command[] = chosen.map(({ id, component, label, properties }) =>
    ({ kind: "add_node", id: names.get(id) ?? id, component, label, properties }));
  for (const edge of model.edges) {
    const [from, to] = [names.get(edge.from), names.get(edge.to)];
    if (to && (from || keepWires)) commands.push({ kind: "connect", from: from ?? edge.from, to, port: edge.port });
  }
  const off = chosen.filter((node) => node.disabled).map((node) => names.get(node.id) ?? node.id);
  if (off.length) commands.push({ kind: "set_disabled", nodes: off, disabled: true });
  const placed = chosen.flatMap(({ id }) => (layout[id] ? [[names.get(id) ?? id, shifted(layout[id])] as const] : []));
  if (placed.length) commands.push({ kind: "move_nodes", positions: Object.fromEntries(placed) });
  return { command: { kind: "all", commands }, ids: [...names.values()] };
}

function shifted([x, y]: Layout[string]): readonly [number, number] {
  return [x + BESIDE, y + BESIDE];
}

/** Fresh ids for copies: of "filter" and "filter2", "filter3" and so on. */
export function namesFor(model: Model, nodes: readonly ModelNode[], keep = false): Map<string, string> {
  const taken = new Set<string>();
  const names = new Map<string, string>();
  for (const node of nodes) {
    const free = keep ? freshId(model, node.id, taken) : freshId(model, node.id.replace(/(?<=[A-Za-z])\d+$/, ""), taken);
    taken.add(free);
    names.set(node.id, free);
  }
  return names;
}

/** On where all are off, else off. */
export function toggleDisabled(model: Model, nodes: readonly string[]): Command {
  const chosen = model.nodes.filter((node) => nodes.includes(node.id));
  return { kind: "set_disabled", nodes: chosen.map((node) => node.id), disabled: !chosen.every((node) => node.disabled) };
}
