import { type GetBezierPathParams, ViewportPortal, useStore } from "@xyflow/react";
import { memo, useMemo, useState } from "react";

import { useFigures } from "../run/figures";
import classes from "./canvas.module.css";
import { type WireEdge, shapeOf, toneOf, wireWidth } from "./graph";
import type { Tile } from "./NodeTile";
import { wirePath } from "./RateEdge";

/** Wires of one path, at most: what moves makes the path anew that it is in. */
const PART = 64;

/** All wires in one drawing, for a zoom at which single ones can hardly be told apart: paths of a width and a colour. */
export const Wires = memo(function Wires({ edges }: { edges: readonly WireEdge[] }) {
  const tiles = useStore((state) => state.nodes as Tile[]);
  const figures = useFigures((state) => state.nodes);
  const paths = usePaths(edges, tiles);
  const drawn = useMemo(() => {
    const found = new Map<string, { width: number; look: string; parts: string[] }>();
    edges.forEach((edge, i) => {
      const path = paths[i];
      if (!path) return;
      const width = Math.round(wireWidth(figures[edge.source]?.outRate ?? null));
      const look = edge.selected || edge.className ? "p-wire p-wire-selected" : `p-wire p-wire-${toneOf(figures[edge.source])}`;
      const key = `${width} ${look} ${Math.floor(i / PART)}`;
      const group = found.get(key);
      if (group) group.parts.push(path);
      else found.set(key, { width, look, parts: [path] });
    });
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  }, [edges, paths, figures]);
  return (
    <ViewportPortal>
      <svg className={classes.wires} aria-hidden>
        {drawn.map(([key, { width, look, parts }]) => <path key={key} d={parts.join("")} className={look} strokeWidth={width + 1} fill="none" />)}
      </svg>
    </ViewportPortal>
  );
});

interface Known {
  from: Tile["position"];
  to: Tile["position"];
  edge: WireEdge;
  path: string;
}

/** The ways of the wires; computed anew for those whose ends have moved. */
function usePaths(edges: readonly WireEdge[], tiles: readonly Tile[]): string[] {
  const [known] = useState(() => new Map<string, Known>());
  return useMemo(() => {
    const at = new Map(tiles.flatMap((tile) => (tile.type === "tile" ? [[tile.id, tile] as const] : [])));
    return edges.map((edge) => {
      const [source, target] = [at.get(edge.source), at.get(edge.target)];
      if (!source || !target) return "";
      const was = known.get(edge.id);
      if (was?.from === source.position && was.to === target.position && was.edge.data === edge.data) return was.path;
      const path = pathOf(edge, source, target);
      known.set(edge.id, { from: source.position, to: target.position, edge, path });
      return path;
    });
  }, [edges, tiles, known]);
}


function pathOf(edge: WireEdge, source: Tile, target: Tile): string {
  const out = shapeOf(source.data).handles.find((each) => each.type === "source");
  const handles = shapeOf(target.data).handles;
  const into = handles.find((each) => each.type === "target" && each.id === edge.targetHandle) ?? handles[0];
  if (!out || !into) return "";
  const ends = {
    sourceX: source.position.x + out.x + out.width, sourceY: source.position.y + out.y + out.height / 2, sourcePosition: out.position,
    targetX: target.position.x + into.x, targetY: target.position.y + into.y + into.height / 2, targetPosition: into.position,
  } satisfies GetBezierPathParams;
  return wirePath(ends, edge.data?.lane);
}
