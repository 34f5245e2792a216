/** What a person does on the canvas, each as one step of undo. Toolbar, menus, keys, drags and the outline all end here. */

import { type Command, type Pipeline, apply } from "../../document/commands";
import { CommandError } from "../../document/errors";
import * as gestures from "../../document/gestures";
import { isEnd } from "../../document/inside";
import { copying } from "../../document/library";
import { type Model, type ModelEdge, readModel } from "../../document/model";
import { listed, plural, said, t } from "../../i18n";
import { textOf } from "../document/editor";
import { announce, refuse } from "./announce";
import { type Desk, act, deskNow, middleOf, modelOf, spotFor } from "./desk";
import { focusCanvas, focusNext, focusNode } from "./focus";
import type { Wire } from "./graph";
import { open, useWriting } from "./overlay";
import { choose, useSelection } from "./selection";
import { reveal } from "./viewport";

const BESIDE = 40;

export interface ToAdd {
  component: string;
  /** Where it goes; beside what it is wired to without it. */
  at?: readonly [number, number];
  after?: { node: string; port?: string };
  before?: { node: string; port?: string };
  onEdge?: ModelEdge;
}

/** A node comes, wired as wished, and is selected. */
export function addNode(wanted: ToAdd): boolean {
  let made = "";
  const done = act(t("Add {component}", { component: titleOf(wanted.component) }), (desk, model) => {
    const { at, ...rest } = wanted;
    const first = broughtBy(desk, wanted.component);
    const { command, id } = gestures.addNode(model, desk.ports, { ...rest, at: at ?? placeFor(desk, model, wanted) });
    made = id;
    return first ? { kind: "all", commands: [first, command] } : command;
  });
  if (done) settle([made]);
  return done;
}

/** A component of the library comes into the document with its first node. */
function broughtBy(desk: Desk, component: string): Command | null {
  const kept = desk.catalogue.get(component)?.kept;
  if (!kept) return null;
  const { command, clashing } = copying(textOf(desk.editor.getState()), kept);
  if (clashing.length) throw new CommandError(t("The document has another component called {names}", { names: listed(clashing) }));
  return command;
}

function placeFor(desk: Desk, model: Model, { component, after, before, onEdge }: ToAdd): readonly [number, number] {
  if (onEdge) return between(desk, onEdge);
  const id = gestures.freshId(model, component);
  if (after || before) return spotFor(desk, after ? [{ from: after.node, to: id }] : [{ from: id, to: before?.node ?? "" }], id);
  const [x, y] = middleOf(desk);
  return freeAt(desk, [Math.round(x - 100), Math.round(y - 35)]);
}

function between(desk: Desk, { from, to }: ModelEdge): readonly [number, number] {
  const [a, b] = [desk.places[from] ?? [0, 0], desk.places[to] ?? [0, 0]];
  return freeAt(desk, [Math.round((a[0] + b[0]) / 2), Math.round((a[1] + b[1]) / 2)]);
}

/** The place, or one below it where nothing stands. */
function freeAt(desk: Desk, [x, y]: readonly [number, number]): readonly [number, number] {
  const taken = Object.values(desk.places);
  let at = y;
  while (taken.some(([a, b]) => Math.abs(a - x) < 208 && Math.abs(b - at) < 78)) at += 92;
  return [x, at];
}

/** What came is selected, in view, and has the focus. */
export function settle(nodes: readonly string[]): void {
  if (!nodes.length) return;
  choose({ nodes });
  const last = nodes.at(-1) ?? "";
  focusNode(last);
  requestAnimationFrame(() => {
    const desk = deskNow();
    if (desk) reveal(desk.flow, last);
  });
}

export function titleOf(component: string): string {
  const desk = deskNow();
  return said(desk?.catalogue.get(component)?.title ?? component);
}

export function labelOf(node: string): string {
  const desk = deskNow();
  return (desk && modelOf(desk).nodes.find((each) => each.id === node)?.label) || node;
}

// ---- wires -----------------------------------------------------------------------------------------------------------

export function connect(from: string, to: string, port?: string): boolean {
  return act(t("Connect {from} to {to}", { from: labelOf(from), to: labelOf(to) }), ({ ports }, model) => gestures.connectWire(model, ports, from, to, port));
}

export function disconnect(edge: ModelEdge): boolean {
  return act(t("Disconnect {from} from {to}", { from: labelOf(edge.from), to: labelOf(edge.to) }), () => ({ kind: "disconnect", ...edge }));
}

export function reconnect(edge: ModelEdge, ends: { from?: string; to?: string; port?: string }): boolean {
  return act(t("Move the wire from {from} to {to}", { from: labelOf(ends.from ?? edge.from), to: labelOf(ends.to ?? edge.to) }),
    ({ ports }, model) => gestures.reconnect(model, ports, edge, ends));
}

/** A node that is there is put onto a wire. */
export function splice(node: string, edge: ModelEdge, at?: readonly [number, number]): boolean {
  return act(t("Put {node} between {from} and {to}", { node: labelOf(node), from: labelOf(edge.from), to: labelOf(edge.to) }), ({ ports }, model) => {
    const command = gestures.splice(model, ports, node, edge);
    return at ? { kind: "all", commands: [command, { kind: "move_nodes", positions: { [node]: at } }] } : command;
  });
}

/** The document's edge that a wire draws. */
export function edgeOfWire(desk: Desk, id: string): ModelEdge | undefined {
  const wire = desk.wires.find((each) => each.id === id);
  return wire && edgeLike(desk, wire);
}

export function edgeLike(desk: Desk, { source, target, port }: Pick<Wire, "source" | "target" | "port">): ModelEdge | undefined {
  const model = modelOf(desk);
  const same = model.edges.filter((edge) => edge.from === source && edge.to === target);
  return same.find((edge) => gestures.portOfEdge(model, desk.ports, edge) === port) ?? same[0];
}

/** The selected wire goes to the next input that it fits. */
export function cyclePort(): boolean {
  return act(t("Use the next input"), (desk, model) => {
    const edge = edgeOfWire(desk, [...useSelection.getState().edges][0] ?? "");
    return edge ? gestures.cyclePort(model, desk.ports, edge) : null;
  });
}

// ---- what is selected ------------------------------------------------------------------------------------------------

/** All selected nodes, those of collapsed groups that are selected included; not what stands for inputs and output. */
export function selectedNodes(): string[] {
  const desk = deskNow();
  if (!desk) return [];
  const { nodes, parts } = useSelection.getState();
  const inside = modelOf(desk).groups.filter((group) => group.collapsed && parts.has(group.id)).flatMap((group) => group.nodes);
  return modelOf(desk).nodes.map((node) => node.id).filter((node) => !isEnd(node) && (nodes.has(node) || inside.includes(node)));
}

export function removeSelected(): boolean {
  const nodes = selectedNodes();
  const { edges, parts } = useSelection.getState();
  const next = nodes.length === 1 ? heir(nodes[0] ?? "") : null;
  const done = act(removalLabel(nodes, edges.size, parts.size), (desk, model) => {
    const cut = [...edges].flatMap((id) => edgeOfWire(desk, id) ?? []).filter((edge) => !nodes.includes(edge.from) && !nodes.includes(edge.to));
    const steps: Step[] = cut.map((edge) => () => ({ kind: "disconnect", ...edge }));
    if (nodes.length) steps.push((now) => gestures.removeHealing(now, desk.ports, nodes));
    for (const id of parts) steps.push((now) => withoutPart(now, id));
    void model;
    return inTurn(desk, steps);
  });
  if (!done) return false;
  if (next) settle([next]);
  else {
    choose({});
    focusCanvas();
  }
  return true;
}

function withoutPart(model: Model, id: string): Command {
  if (model.notes.some((note) => note.id === id)) return gestures.removeNote(model, id);
  return model.groups.some((group) => group.id === id) ? gestures.ungroup(model, id) : { kind: "all", commands: [] };
}

function removalLabel(nodes: readonly string[], edges: number, parts: number): string {
  if (nodes.length === 1) return t("Remove {node}", { node: labelOf(nodes[0] ?? "") });
  if (nodes.length) return plural(nodes.length, "Remove {count} node", "Remove {count} nodes");
  if (edges) return plural(edges, "Remove {count} wire", "Remove {count} wires");
  return plural(parts, "Remove {count} note or group", "Remove {count} notes and groups");
}

/** Who is selected after a node went: what read it, else what fed it. */
function heir(node: string): string | null {
  const desk = deskNow();
  if (!desk) return null;
  const model = modelOf(desk);
  return gestures.behind(model, node)[0] ?? gestures.before(model, node)[0] ?? null;
}

type Step = (model: Model) => Command;

/** Steps that each see what the one before them left, as one command. */
export function inTurn(desk: Desk, steps: readonly Step[]): Command {
  let pipeline: Pipeline = desk.editor.getState().history.pipeline;
  let model = modelOf(desk);
  const commands = steps.map((step, i) => {
    const command = step(model);
    pipeline = apply(pipeline, command).pipeline;
    if (i + 1 < steps.length) model = readModel(pipeline.text);
    return command;
  });
  return commands.length === 1 && commands[0] ? commands[0] : { kind: "all", commands };
}

export function toggleDisabled(): boolean {
  const nodes = selectedNodes();
  const desk = deskNow();
  if (!nodes.length || !desk) return false;
  const off = modelOf(desk).nodes.filter((node) => nodes.includes(node.id)).every((node) => node.disabled);
  const one = nodes.length === 1 ? labelOf(nodes[0] ?? "") : "";
  const label = off ? (one ? t("Enable {node}", { node: one }) : plural(nodes.length, "Enable {count} node", "Enable {count} nodes"))
    : one ? t("Disable {node}", { node: one }) : plural(nodes.length, "Disable {count} node", "Disable {count} nodes");
  return act(label, (_, model) => gestures.toggleDisabled(model, nodes));
}

export function duplicate(): boolean {
  const nodes = selectedNodes();
  let ids: string[] = [];
  const done = act(nodes.length === 1 ? t("Duplicate {node}", { node: labelOf(nodes[0] ?? "") }) : plural(nodes.length, "Duplicate {count} node", "Duplicate {count} nodes"),
    (desk, model) => {
      if (!nodes.length) return null;
      const made = gestures.duplicate(model, nodes, desk.places);
      ids = made.ids;
      return made.command;
    });
  if (done) settle(ids);
  return done;
}

export function selectAll(): void {
  const desk = deskNow();
  if (!desk) return;
  const model = modelOf(desk);
  choose({ nodes: model.nodes.map((node) => node.id), parts: [...model.groups, ...model.notes].map((part) => part.id) });
  announce(plural(model.nodes.length, "{count} node selected", "{count} nodes selected"));
}

/** All that feeds the selected node, or that it feeds, besides it. */
export function selectAlong(direction: "up" | "down"): void {
  const desk = deskNow();
  const { nodes, primary } = useSelection.getState();
  if (!desk || !primary) return;
  const model = modelOf(desk);
  const found = direction === "up" ? gestures.upstream(model, primary) : gestures.downstream(model, primary);
  const all = new Set([...nodes, ...found]);
  choose({ nodes: all, primary });
  announce(plural(all.size, "{count} node selected", "{count} nodes selected"));
}

// ---- ways ------------------------------------------------------------------------------------------------------------

/** An arrow key: to the next node in the direction, along the wires. */
export function walk(direction: gestures.Direction): void {
  const desk = deskNow();
  if (!desk) return;
  const model = modelOf(desk);
  const { primary } = useSelection.getState();
  const next = primary ? gestures.neighbours(model, primary, direction)[0] : model.nodes[0]?.id;
  if (next) settle([next]);
  else if (primary) announce(ENDS[direction]());
}

const ENDS = {
  left: () => t("nothing feeds this node"), right: () => t("nothing reads this node"),
  up: () => t("no node above"), down: () => t("no node below"),
};

export function nudge(by: readonly [number, number]): boolean {
  const nodes = selectedNodes();
  const ids = [...nodes, ...[...useSelection.getState().parts].filter((id) => deskNow()?.places[id])];
  if (!ids.length) return false;
  const label = nodes.length === 1 ? t("Move {node}", { node: labelOf(nodes[0] ?? "") }) : plural(nodes.length, "Move {count} node", "Move {count} nodes");
  return act(label, (desk) => gestures.nudge(desk.places, ids, by), `move ${ids.join(" ")}`);
}

export function align(how: gestures.Alignment): boolean {
  return act(t("Align"), (desk) => gestures.align(desk.places, selectedNodes(), how));
}

export function distribute(axis: "x" | "y"): boolean {
  return act(t("Distribute"), (desk) => gestures.distribute(desk.places, selectedNodes(), axis));
}

/** All nodes in good order, each near to where it was. */
export function tidy(): boolean {
  return act(t("Tidy up"), (desk, model) => {
    const links = model.edges.map(({ from, to }) => ({ from, to }));
    return { kind: "move_nodes", positions: gestures.tidy(model.nodes.map((node) => node.id), links, desk.places, model.groups) };
  });
}

// ---- groups and notes, components of the document -----------------------------------------------------------------------

export function group(label = ""): boolean {
  const nodes = selectedNodes();
  if (!nodes.length) return false;
  let id = "";
  const done = act(plural(nodes.length, "Group {count} node", "Group {count} nodes"), (_, model) => {
    const made = gestures.group(model, nodes, label);
    id = made.id;
    return made.command;
  });
  if (!done) return false;
  choose({ parts: [id] });
  open({ kind: "rename", node: id });
  return true;
}

/** The groups that are selected, or that selected nodes are in. */
export function selectedGroups(): string[] {
  const desk = deskNow();
  const { nodes, parts } = useSelection.getState();
  return desk ? modelOf(desk).groups.filter(({ id, nodes: own }) => parts.has(id) || own.some((node) => nodes.has(node))).map(({ id }) => id) : [];
}

export function ungroup(): boolean {
  const groups = selectedGroups();
  if (!groups.length) return false;
  return act(t("Ungroup"), (desk) => inTurn(desk, groups.map((id) => (model: Model) => gestures.ungroup(model, id))));
}

export function collapse(groups: readonly string[] = selectedGroups()): boolean {
  const desk = deskNow();
  if (!desk || !groups.length) return false;
  const collapsed = modelOf(desk).groups.some((each) => groups.includes(each.id) && !each.collapsed);
  const done = act(collapsed ? t("Collapse the group") : t("Expand the group"),
    () => inTurn(desk, groups.map((id) => (model: Model) => gestures.setCollapsed(model, id, collapsed))));
  if (done) choose({ parts: groups });
  return done;
}

/** Into another group; out of all groups by null. */
export function regroup(nodes: readonly string[], to: string | null): boolean {
  const label = to === null ? t("Take out of the group") : t("Move into the group {group}", { group: groupLabel(to) });
  return act(label, (desk) => inTurn(desk, [
    (model) => gestures.leaveGroup(model, nodes),
    (model) => {
      const index = model.groups.findIndex((each) => each.id === to);
      const own = model.groups[index]?.nodes;
      return own ? { kind: "set_in", path: ["groups", index, "nodes"], value: [...own, ...nodes] } : { kind: "all", commands: [] };
    },
  ]));
}

export function groupLabel(id: string): string {
  const desk = deskNow();
  return (desk && modelOf(desk).groups.find((each) => each.id === id)?.label) || id;
}

export function addNote(at?: readonly [number, number]): boolean {
  let id = "";
  const done = act(t("Add a note"), (desk, model) => {
    const [x, y] = at ?? freeAt(desk, middleOf(desk));
    const made = gestures.addNote(model, "", [Math.round(x), Math.round(y), 200, 80]);
    id = made.id;
    return made.command;
  });
  if (done) {
    choose({ parts: [id] });
    useWriting.setState({ note: id });
  }
  return done;
}

export function saveAsComponent(nodes: readonly string[], name: string, title: string): boolean {
  let id = "";
  const done = act(t("Save as component {name}", { name: title || name }), (desk, model) => {
    const made = gestures.saveAsComponent(model, desk.ports, nodes, { name, title });
    id = made.id;
    return made.command;
  });
  if (done) settle([id]);
  return done;
}

export function expandComponent(): boolean {
  const node = useSelection.getState().primary;
  let ids: string[] = [];
  const done = node !== null && act(t("Expand {node}", { node: labelOf(node) }), (desk, model) => {
    const made = gestures.expandComponent(model, desk.ports, node, desk.places);
    ids = made.ids;
    return made.command;
  });
  if (done) settle(ids);
  return done;
}

/** The selected node's inside, where it is of a component of the document; whether it is. */
export function goInside(node = useSelection.getState().primary): boolean {
  const desk = deskNow();
  if (!desk || node === null || !isOwn(node)) return false;
  focusNext(null);
  desk.enter([...(desk.inside?.path ?? []), node], null);
  announce(t("Inside {node}", { node: labelOf(node) }));
  return true;
}

/** Back to where the node stands whose inside this is. */
export function goOut(depth = (deskNow()?.inside?.path.length ?? 0) - 1): boolean {
  const desk = deskNow();
  const node = desk?.inside?.path[depth];
  if (!desk?.inside || node === undefined) return false;
  focusNext(node);
  desk.enter(desk.inside.path.slice(0, depth), node);
  announce(t("Outside again"));
  return true;
}

/** Whether a node is of a component of the document. */
export function isOwn(node: string): boolean {
  const desk = deskNow();
  const found = desk && modelOf(desk).nodes.find((each) => each.id === node);
  return Boolean(desk && found && modelOf(desk).components.some((each) => each.name === found.component));
}

/** A new id, or only a label where the name is no id. */
export function rename(node: string, name: string): boolean {
  const wanted = name.trim();
  const desk = deskNow();
  if (!desk || !wanted) return false;
  const now = modelOf(desk).nodes.find((each) => each.id === node);
  if (wanted === (now?.label || node)) return false;
  if (/^[A-Za-z]\w*$/.test(wanted) && !now?.label) {
    const done = act(t("Rename {node} to {name}", { node, name: wanted }), () => ({ kind: "rename_node", node, to: wanted }));
    if (done) settle([wanted]);
    return done;
  }
  return act(t("Label {node} “{name}”", { node, name: wanted }), () => ({ kind: "rename_label", node, label: wanted === node ? "" : wanted }));
}

// ---- clipboard -------------------------------------------------------------------------------------------------------

let held = "";

/** The selected nodes as text; "" where none are. Kept besides for browsers that do not let us read theirs. */
export function copied(): string {
  const desk = deskNow();
  const nodes = selectedNodes();
  if (!desk || !nodes.length) return "";
  held = gestures.copyNodes(modelOf(desk), desk.places, nodes, desk.editor.getState().compiled?.nodes);
  announce(plural(nodes.length, "{count} node copied", "{count} nodes copied"));
  return held;
}

export const heldText = (): string => held;

let pastes = { text: "", times: 0 };

export function paste(text: string, keepWires: boolean, at?: readonly [number, number]): boolean {
  if (!text.trim()) {
    refuse(t("There is nothing to paste: copy nodes first, of this pipeline or another one."));
    return false;
  }
  let ids: string[] = [];
  let problems: string[] = [];
  pastes = { text, times: pastes.text === text ? pastes.times + 1 : 1 };
  const done = act(t("Paste"), (desk, model) => {
    const made = gestures.pasteNodes(model, desk.ports, text, { keepWires, at: at ?? pastePlace(desk), columns: columnsThere(desk) });
    ({ ids, problems } = made);
    return made.command;
  });
  if (!done) return false;
  settle(ids);
  if (problems.length) refuse(problems.join(" · "));
  return true;
}

/** Further down and right each time the same is pasted. */
function pastePlace(desk: Desk): readonly [number, number] {
  const [x, y] = middleOf(desk);
  return [Math.round(x - 100 + (pastes.times - 1) * BESIDE), Math.round(y - 35 + (pastes.times - 1) * BESIDE)];
}

/** The columns of the selected node: what is pasted behind it speaks of them. */
function columnsThere(desk: Desk) {
  const { primary } = useSelection.getState();
  return primary ? desk.editor.getState().compiled?.nodes[primary]?.columns : undefined;
}
