/** What stands on the canvas, at its place. While it is dragged it is where the pointer is; let go, it is a command. */

import { type NodeChange, applyNodeChanges } from "@xyflow/react";
import { useCallback, useMemo, useState } from "react";

import type { Layout, Model, Place } from "../../document/model";
import { type Language, language, plural, said, t } from "../../i18n";
import { act, deskNow } from "./desk";
import { targetWire } from "./dropping";
import { type TileData, shapeOf } from "./graph";
import type { Tile } from "./NodeTile";
import { edgeOfWire, splice } from "./operations";
import { type FoldedNode, type FrameNode, type NoteNode, foldedOf, groupNode, groupsOf, noteNode } from "./parts";
import { choose, useSelection } from "./selection";

export type Standing = Tile | FrameNode | FoldedNode | NoteNode;
type Movable = Tile | NoteNode;

export function useTiles(model: Model, tiles: ReadonlyMap<string, TileData>, places: Layout) {
  const { nodes: chosen, parts, primary } = useSelection();
  const folded = useMemo(() => foldedOf(model), [model]);
  const roving = primary ?? model.nodes[0]?.id ?? null;
  const wanted = useMemo((): Movable[] => [
    ...[...tiles.values()].map((data) => tileNode(data, places, chosen.has(data.id), data.id === roving, folded.has(data.id))),
    ...model.notes.map((note) => noteNode({ ...note }, places, parts.has(note.id))),
  ], [tiles, places, chosen, parts, roving, folded, model.notes]);
  const [shown, setShown] = useState<Movable[]>([]);
  const [drawn, setDrawn] = useState<Movable[] | null>(null);
  if (drawn !== wanted) {
    setDrawn(wanted);
    setShown(merged(shown, wanted));
  }
  const frames = useMemo(() => framesOf(model, tiles, shown, parts), [model, tiles, shown, parts]);
  const onChange = useCallback((changes: NodeChange<Standing>[]) => {
    const moves = withMembers(changes, frames, shown);
    setShown((now) => applyNodeChanges(moves.filter((change) => change.type !== "remove" && change.type !== "select") as NodeChange<Movable>[], now));
    select(changes, new Set([...model.groups, ...model.notes].map((part) => part.id)));
    const moved = movedTo(moves, places);
    const names = Object.keys(moved);
    if (!names.length || putOnWire(moved)) return;
    const label = names.length === 1 ? t("Move {node}", { node: names[0] ?? "" }) : plural(names.length, "Move {count} node", "Move {count} nodes");
    act(label, () => ({ kind: "move_nodes", positions: moved }), `move ${names.join(" ")}`);
  }, [model, places, frames, shown]);
  const standing = useMemo((): Standing[] => (frames.length ? [...frames, ...shown] : shown), [frames, shown]);
  return { shown: standing, onChange };
}

function tileNode(data: TileData, places: Layout, selected: boolean, roving: boolean, hidden: boolean): Tile {
  const [x, y] = places[data.id] ?? [0, 0];
  return { id: data.id, type: "tile", className: "nopan", position: { x, y }, data, selected, hidden, ...shapeOf(data), ariaLabel: ariaOf(data), domAttributes: { tabIndex: roving ? 0 : -1 } };
}

function framesOf(model: Model, tiles: ReadonlyMap<string, TileData>, shown: readonly Movable[], chosen: ReadonlySet<string>): Array<FrameNode | FoldedNode> {
  if (!model.groups.length) return [];
  const at = new Map(shown.map((node) => [node.id, node.position]));
  const collapsed = new Set(model.groups.filter((group) => group.collapsed).map((group) => group.id));
  return groupsOf(model, tiles).flatMap((data) => groupNode(data, collapsed.has(data.id), at, chosen.has(data.id)) ?? []);
}

/** Who moves a group moves its nodes. */
function withMembers(changes: ReadonlyArray<NodeChange<Standing>>, frames: ReadonlyArray<FrameNode | FoldedNode>, shown: readonly Movable[]): Array<NodeChange<Standing>> {
  if (!frames.length) return [...changes];
  const own = new Set(changes.map((change) => ("id" in change ? change.id : "")));
  return changes.flatMap((change) => {
    const frame = "id" in change ? frames.find((each) => each.id === change.id) : undefined;
    if (!frame) return [change];
    if (change.type !== "position" || !change.position) return [];
    const [dx, dy] = [change.position.x - frame.position.x, change.position.y - frame.position.y];
    return shown.filter((node) => frame.data.nodes.includes(node.id) && !own.has(node.id)).map((node) => (
      { id: node.id, type: "position" as const, dragging: change.dragging, position: { x: node.position.x + dx, y: node.position.y + dy } }));
  });
}

/** More by a click with Ctrl or a marquee, fewer by the same. */
function select(changes: ReadonlyArray<NodeChange<Standing>>, isPart: ReadonlySet<string>): void {
  const selects = changes.flatMap((change) => (change.type === "select" ? [change] : []));
  if (!selects.length) return;
  const { nodes, edges, parts, primary } = useSelection.getState();
  const next = { nodes: new Set(nodes), parts: new Set(parts) };
  for (const { id, selected } of selects) {
    const set = isPart.has(id) ? next.parts : next.nodes;
    if (selected) set.add(id);
    else set.delete(id);
  }
  const last = selects.findLast((each) => each.selected && !isPart.has(each.id))?.id ?? primary;
  choose({ ...next, edges, primary: last });
}

/** A node without wires that was let go over one is put onto it, and moved there, in one step. */
function putOnWire(moved: Readonly<Record<string, Place>>): boolean {
  const [[node, place] = ["", null], more] = Object.entries(moved);
  const desk = deskNow();
  const wire = targetWire();
  const edge = desk && wire !== null && place && !more ? edgeOfWire(desk, wire) : undefined;
  return edge && place ? splice(node, edge, [place[0], place[1]]) : false;
}

function movedTo(changes: ReadonlyArray<NodeChange<Standing>>, places: Layout): Record<string, Place> {
  return Object.fromEntries(changes.flatMap((change) => {
    if (change.type !== "position" || !change.position || change.dragging) return [];
    const [x, y] = [Math.round(change.position.x), Math.round(change.position.y)];
    const was = places[change.id];
    if (was && was[0] === x && was[1] === y) return [];
    return [[change.id, was?.length === 4 ? [x, y, was[2], was[3]] as const : [x, y] as const]];
  }));
}

/** What the canvas measured of a tile stays with it. */
function merged(before: readonly Movable[], wanted: readonly Movable[]): Movable[] {
  const old = new Map(before.map((node) => [node.id, node]));
  return wanted.map((node) => {
    const was = old.get(node.id);
    if (!was || was.type !== node.type) return node;
    return isSame(was, node) ? was : { ...was, ...node } as Movable;
  });
}

function isSame(a: Movable, b: Movable): boolean {
  return a.data === b.data && a.selected === b.selected && a.hidden === b.hidden && a.width === b.width && a.height === b.height
    && a.position.x === b.position.x && a.position.y === b.position.y && a.domAttributes?.tabIndex === b.domAttributes?.tabIndex;
}

const arias = new WeakMap<TileData, { language: Language; text: string }>();

function ariaOf(data: TileData): string {
  const known = arias.get(data);
  if (known?.language === language()) return known.text;
  const text = ariaText(data);
  arias.set(data, { language: language(), text });
  return text;
}

function ariaText(data: TileData): string {
  const problem = data.failure ? t(", failed: {reason}", { reason: said(data.failure) })
    : data.errors ? plural(data.errors, ", {count} error", ", {count} errors")
      : data.warnings ? plural(data.warnings, ", {count} warning", ", {count} warnings") : "";
  const off = data.disabled ? t(", disabled") : "";
  return `${data.label}, ${said(data.title)}${data.label === data.id ? "" : t(", id {id}", { id: data.id })}${off}${problem}`;
}
