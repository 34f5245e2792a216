/** Tiles at their places. While one is dragged it is where the pointer is; let go, or moved by keys, it is a command. */

import { type NodeChange, applyNodeChanges } from "@xyflow/react";
import { useCallback, useMemo, useState } from "react";

import { SHAPE } from "../../document/layout";
import type { Layout } from "../../document/model";
import { plural, t } from "../../i18n";
import { useEditorStore } from "../document/editor";
import type { TileData } from "./graph";
import type { Tile } from "./NodeTile";
import { choose, useSelection } from "./selection";

export function useTiles(tiles: ReadonlyMap<string, TileData>, places: Layout) {
  const editor = useEditorStore();
  const chosen = useSelection((state) => state.nodes);
  const wanted = useMemo(() => [...tiles.values()].map((data): Tile => {
    const [x, y] = places[data.id] ?? [0, 0];
    return { id: data.id, type: "tile", position: { x, y }, data, selected: chosen.has(data.id), width: SHAPE.width, height: SHAPE.height,
      ariaLabel: ariaOf(data) };
  }), [tiles, places, chosen]);
  const [shown, setShown] = useState<Tile[]>([]);
  const [drawn, setDrawn] = useState<Tile[] | null>(null);
  if (drawn !== wanted) {
    setDrawn(wanted);
    setShown(merged(shown, wanted));
  }
  const onChange = useCallback((changes: NodeChange<Tile>[]) => {
    setShown((now) => applyNodeChanges(changes.filter((change) => change.type !== "remove" && change.type !== "select"), now));
    select(changes);
    const moved = movedTo(changes);
    const names = Object.keys(moved);
    if (!names.length) return;
    const label = names.length === 1 ? t("Move {node}", { node: names[0] ?? "" }) : plural(names.length, "Move {count} node", "Move {count} nodes");
    editor.getState().change({ kind: "move_nodes", positions: { ...places, ...moved } }, label, `move ${names.join(" ")}`);
  }, [editor, places]);
  return { shown, onChange };
}

/** Further nodes by a click with Ctrl or a marquee; fewer by the same. */
function select(changes: ReadonlyArray<NodeChange<Tile>>): void {
  const selects = changes.flatMap((change) => (change.type === "select" ? [change] : []));
  if (!selects.length) return;
  const { nodes, edges, primary } = useSelection.getState();
  const next = new Set(nodes);
  for (const { id, selected } of selects) {
    if (selected) next.add(id);
    else next.delete(id);
  }
  choose({ nodes: next, edges, primary: selects.findLast((each) => each.selected)?.id ?? primary });
}

function movedTo(changes: ReadonlyArray<NodeChange<Tile>>): Record<string, readonly [number, number]> {
  return Object.fromEntries(changes.flatMap((change) => (change.type === "position" && change.position && !change.dragging
    ? [[change.id, [Math.round(change.position.x), Math.round(change.position.y)] as const]] : [])));
}

/** What the canvas measured of a tile stays with it. */
function merged(before: readonly Tile[], wanted: readonly Tile[]): Tile[] {
  const old = new Map(before.map((tile) => [tile.id, tile]));
  return wanted.map((tile) => {
    const was = old.get(tile.id);
    if (!was) return tile;
    const same = was.data === tile.data && was.selected === tile.selected && was.position.x === tile.position.x && was.position.y === tile.position.y;
    return same ? was : { ...was, ...tile };
  });
}

function ariaOf(data: TileData): string {
  const problem = data.failure ? t(", failed: {reason}", { reason: data.failure })
    : data.errors ? plural(data.errors, ", {count} error", ", {count} errors")
      : data.warnings ? plural(data.warnings, ", {count} warning", ", {count} warnings") : "";
  return `${data.label}, ${data.title}${data.label === data.id ? "" : t(", id {id}", { id: data.id })}${problem}`;
}
