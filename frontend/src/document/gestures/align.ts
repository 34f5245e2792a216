/** Nodes in line with each other, and at equal distances. */
import type { Command } from "../commands";
import { SHAPE } from "../layout";
import type { Layout, Place } from "../model";

export type Alignment = "left" | "center" | "right" | "top" | "middle" | "bottom";

export function align(places: Layout, nodes: readonly string[], how: Alignment): Command {
  const chosen = boxes(places, nodes);
  const across = how === "left" || how === "center" || how === "right";
  const edge = (box: Box) => (across ? box.x : box.y);
  const size = (box: Box) => (across ? box.width : box.height);
  const part = how === "left" || how === "top" ? 0 : how === "center" || how === "middle" ? 0.5 : 1;
  const low = Math.min(...chosen.map(edge));
  const high = Math.max(...chosen.map((box) => edge(box) + size(box)));
  const line = low + (high - low) * part;
  return moved(chosen.map((box) => [box, across ? line - box.width * part : box.x, across ? box.y : line - box.height * part]));
}

/** The gaps between neighbours become equal; the outermost stay. */
export function distribute(places: Layout, nodes: readonly string[], axis: "x" | "y"): Command {
  const size = axis === "x" ? "width" : "height";
  const ordered = boxes(places, nodes).sort((a, b) => a[axis] - b[axis]);
  const [first, last] = [ordered[0], ordered.at(-1)];
  if (!first || !last || ordered.length < 3) return moved([]);
  const room = last[axis] + last[size] - first[axis];
  const gap = (room - ordered.reduce((sum, box) => sum + box[size], 0)) / (ordered.length - 1);
  let at = first[axis];
  return moved(ordered.map((box) => {
    const place: [Box, number, number] = axis === "x" ? [box, at, box.y] : [box, box.x, at];
    at += box[size] + gap;
    return place;
  }));
}

/** All nodes go the same way. */
export function nudge(places: Layout, nodes: readonly string[], by: readonly [number, number]): Command {
  return moved(boxes(places, nodes).map((box) => [box, box.x + by[0], box.y + by[1]]));
}

interface Box {
  id: string;
  place: Place;
  x: number;
  y: number;
  width: number;
  height: number;
}

function boxes(places: Layout, nodes: readonly string[]): Box[] {
  return nodes.flatMap((id) => {
    const place = places[id];
    return place ? [{ id, place, x: place[0], y: place[1], width: place[2] ?? SHAPE.width, height: place[3] ?? SHAPE.height }] : [];
  });
}

function moved(to: ReadonlyArray<readonly [Box, number, number]>): Command {
  const positions = to.map(([{ id, place }, x, y]): [string, Place] => {
    const at = [Math.round(x), Math.round(y)] as const;
    return [id, place.length === 4 ? [...at, place[2], place[3]] : at];
  });
  return { kind: "move_nodes", positions: Object.fromEntries(positions) };
}
