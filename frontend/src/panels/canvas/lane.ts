/** Ways for wires around tiles: a horizontal lane where nothing stands. Pure. */

import { SHAPE } from "../../document/layout";
import type { Layout, Place } from "../../document/model";

const OUT = 16;
const RADIUS = 10;
const MARGIN = 4;

/** The heights of the lanes of wires, in their order; null for those that need none. */
export function lanesOf(wires: ReadonlyArray<{ source: string; target: string }>, places: Layout): Array<number | null> {
  const standing = new Standing(Object.values(places));
  return wires.map(({ source, target }) => laneFor(places[source], places[target], standing));
}

/** Tiles by where they stand from left to right, so that a wire looks at those only that it passes. */
class Standing {
  private readonly columns = new Map<number, Place[]>();

  constructor(all: readonly Place[]) {
    for (const place of all) {
      const column = columnOf(place[0]);
      const there = this.columns.get(column);
      if (there) there.push(place);
      else this.columns.set(column, [place]);
    }
  }

  /** Those that have a part between two x. */
  between(left: number, right: number): Place[] {
    const found: Place[] = [];
    const [first, last] = [columnOf(left - SHAPE.width), columnOf(right)];
    if (last - first > this.columns.size) return [...this.columns.values()].flat().filter(([x]) => x < right && x + SHAPE.width > left);
    for (let column = first; column <= last; column++) {
      for (const place of this.columns.get(column) ?? []) if (place[0] < right && place[0] + SHAPE.width > left) found.push(place);
    }
    return found;
  }
}

const columnOf = (x: number): number => Math.floor(x / (SHAPE.width + SHAPE.across));

/** Where a wire from one tile to another runs between all tiles: the height of its lane; null where it needs none. */
function laneFor(source: Place | undefined, target: Place | undefined, standing: Standing): number | null {
  if (!source || !target) return null;
  const start = [source[0] + SHAPE.width, source[1] + SHAPE.height / 2] as const;
  const end = [target[0], target[1] + SHAPE.height / 2] as const;
  const back = end[0] < start[0] + OUT;
  if (!back && !standing.between(start[0], end[0]).some((place) => place !== source && place !== target && crosses(start, end, place))) return null;
  const [left, right] = [Math.min(start[0] + OUT, end[0] - OUT), Math.max(start[0] + OUT, end[0] - OUT)];
  const passed = standing.between(left, right);
  return candidates(start[1], end[1]).find((y) => !passed.some(([, top]) => top - MARGIN < y && top + SHAPE.height + MARGIN > y)) ?? null;
}

/** Lanes to try, those next to the target first, then further rows up and down. */
function candidates(from: number, to: number): number[] {
  const half = (SHAPE.height + SHAPE.down) / 2;
  const up = to > from ? -1 : 1; // towards where the wire comes from
  const near = [to + up * half, to - up * half, from - up * half, from + up * half];
  const steps = [1, 2, 3, 4].flatMap((i) => [to + up * half * (1 + i), to - up * half * (1 + i)]);
  return [...near, ...steps];
}

/** Whether the straight line between two points goes through a tile. */
function crosses([x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number], [left, top]: Place): boolean {
  const [from, to] = [Math.max(x1, left), Math.min(x2, left + SHAPE.width)];
  if (from >= to) return false;
  const at = (x: number) => y1 + ((y2 - y1) * (x - x1)) / (x2 - x1 || 1);
  const [low, high] = [Math.min(at(from), at(to)), Math.max(at(from), at(to))];
  return high > top - MARGIN && low < top + SHAPE.height + MARGIN;
}

/** A path from one point to another by way of a horizontal lane at `y`, with round corners. For SVG. */
export function lanePath(fromX: number, fromY: number, toX: number, toY: number, y: number): string {
  const corners = [[fromX + OUT, fromY], [fromX + OUT, y], [toX - OUT, y], [toX - OUT, toY], [toX, toY]] as const;
  let path = `M${fromX},${fromY}`;
  let last: readonly [number, number] = [fromX, fromY];
  corners.forEach((corner, i) => {
    const next = corners[i + 1];
    if (!next) path += ` L${corner[0]},${corner[1]}`;
    else {
      const [a, b] = [towards(corner, last), towards(corner, next)];
      path += ` L${a[0]},${a[1]} Q${corner[0]},${corner[1]} ${b[0]},${b[1]}`;
    }
    last = corner;
  });
  return path;
}

/** The point a corner's radius away from it, or half-way where the other is near. */
function towards([x, y]: readonly [number, number], [toX, toY]: readonly [number, number]): [number, number] {
  const far = Math.hypot(toX - x, toY - y);
  const part = far ? Math.min(RADIUS, far / 2) / far : 0;
  return [x + (toX - x) * part, y + (toY - y) * part];
}
