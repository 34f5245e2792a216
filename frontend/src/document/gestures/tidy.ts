/**
 * All nodes in good order again, each as near as can be to where it was.
 *
 * Layers and bands are those of the graph, but the order within a layer, the rows and the columns are taken from where nodes are:
 * a column stands where its nodes are on average, a row where its node is, and only what is in the way of each other moves. A layout
 * that is tidy stays as it is.
 */
import { type Link, SHAPE, type Shape, fold, layersOf } from "../layout";
import type { Layout } from "../model";

export interface Together {
  nodes: readonly string[];
}

/** Places for all nodes. Nodes of a group stay together, and others out of it. */
export function tidy(nodes: readonly string[], links: readonly Link[], places: Layout, groups: readonly Together[] = [], shape: Shape = SHAPE): Layout {
  const layers = layersOf(nodes, links);
  const found = [bandsOf(layers, places, shape), fold(layers, shape)].map((bands) => drawn(bands, places, groups, shape));
  const best = found.reduce((a, b) => (moved(b, places) < moved(a, places) ? b : a));
  const cleared = groups.length ? apart(best, groups, shape) : best;
  return Object.fromEntries(nodes.map((node) => [node, cleared.get(node) ?? [0, 0]]));
}

type Places = Map<string, [x: number, y: number]>;

/** How far all nodes go together. */
function moved(made: Places, places: Layout): number {
  let sum = 0;
  for (const [node, [x, y]] of made) {
    const was = places[node];
    if (was) sum += Math.abs(was[0] - x) + Math.abs(was[1] - y);
  }
  return sum;
}

/** The layers cut where they begin anew at the left, further down. */
function bandsOf(layers: readonly string[][], places: Layout, shape: Shape): string[][][] {
  const bands: string[][][] = [];
  let last: { x: number; y: number } | null = null;
  for (const layer of layers) {
    const known = layer.flatMap((node) => (places[node] ? [places[node]] : []));
    const at = known.length ? { x: middle(known.map(([x]) => x)), y: middle(known.map(([, y]) => y)) } : null;
    const begins: boolean = !last || (at !== null && last.x - at.x > shape.width && at.y - last.y > shape.height);
    if (begins || !bands.length) bands.push([]);
    bands.at(-1)?.push(layer);
    last = at ?? last;
  }
  return bands;
}

function drawn(bands: readonly string[][][], places: Layout, groups: readonly Together[], shape: Shape): Places {
  const made: Places = new Map();
  let top = -Infinity;
  for (const band of bands) {
    const columns = columnsOf(band, places, shape);
    const rows = rowsOf(band, places, groups, shape, top);
    band.forEach((layer, i) => layer.forEach((node) => made.set(node, [columns[i] ?? 0, rows.get(node) ?? 0])));
    top = Math.max(...rows.values()) + shape.height + shape.between;
  }
  return made;
}

/** Where the columns of a band begin: where their nodes are, at least a step from each other, and without wide holes. */
function columnsOf(band: readonly string[][], places: Layout, shape: Shape): number[] {
  const step = shape.width + shape.across;
  const wished: number[] = [];
  band.forEach((layer, i) => {
    const known = layer.flatMap((node) => (places[node] ? [places[node][0]] : []));
    wished.push(known.length ? middle(known) : (wished[i - 1] ?? -step) + step);
  });
  const columns = spread(wished, step);
  columns.forEach((x, i) => {
    const before = columns[i - 1];
    if (before !== undefined) columns[i] = Math.min(x, before + 2 * step);
  });
  return columns;
}

/** The heights of a band's nodes: where they are, in half rows, below `top`; rows that nothing stands in close up. */
function rowsOf(band: readonly string[][], places: Layout, groups: readonly Together[], shape: Shape, top: number): Map<string, number> {
  const half = (shape.height + shape.down) / 2;
  const known = band.flat().flatMap((node) => (places[node] ? [places[node][1]] : []));
  const start = Math.max(onGrid(known, half), top);
  const centre = known.length ? middle(known) : start;
  const rows = new Map<string, number>();
  for (const layer of band) {
    const wished = inOrder(layer, places, groups, centre).map(([node, y]) => [node, Math.round((y - start) / half)] as const);
    const spaced = spread(wished.map(([, row]) => row), 2);
    wished.forEach(([node], i) => rows.set(node, spaced[i] ?? 0));
  }
  const kept = closed([...rows.values()]);
  return new Map([...rows].map(([node, row]) => [node, Math.round(start + (kept.get(row) ?? 0) * half)]));
}

/** The highest of the heights, on the grid that most of them stand on. */
function onGrid(heights: readonly number[], half: number): number {
  if (!heights.length) return 0;
  const phase = (y: number) => ((y % half) + half) % half;
  const counts = new Map<number, number>();
  for (const y of heights) counts.set(phase(y), (counts.get(phase(y)) ?? 0) + 1);
  const [most] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
  return Math.round((Math.min(...heights) - most) / half) * half + most;
}

/** A layer from top to bottom as it stands, nodes of a group beside each other; those without a place as the graph has them. */
function inOrder(layer: readonly string[], places: Layout, groups: readonly Together[], centre: number): Array<readonly [string, number]> {
  const height = (node: string) => places[node]?.[1] ?? centre;
  const groupOf = (node: string) => groups.findIndex((each) => each.nodes.includes(node));
  const keyed = layer.map((node, i) => ({ node, i, group: groupOf(node), y: height(node), key: height(node) }));
  for (const at of new Set(keyed.map(({ group }) => group))) {
    const mates = at < 0 ? [] : keyed.filter(({ group }) => group === at);
    for (const each of mates) each.key = mates.reduce((sum, mate) => sum + mate.y, 0) / mates.length;
  }
  keyed.sort((a, b) => a.key - b.key || a.group - b.group || a.y - b.y || a.i - b.i);
  return keyed.map(({ node, y }) => [node, y] as const);
}

/** Rows from 0 on, with at most one row free between two that are used. */
function closed(rows: readonly number[]): Map<number, number> {
  const found = new Map<number, number>();
  let [last, at] = [NaN, 0];
  for (const row of [...new Set(rows)].sort((a, b) => a - b)) {
    if (!Number.isNaN(last)) at += Math.min(row - last, 4);
    found.set(row, at);
    last = row;
  }
  return found;
}

/** Numbers that stay in order, at least a step from each other, and as near to what is wished as can be (pool adjacent violators). */
function spread(wished: readonly number[], step: number): number[] {
  const pools: Array<{ sum: number; count: number }> = [];
  wished.forEach((value, i) => {
    let pool = { sum: value - i * step, count: 1 };
    for (let last = pools.at(-1); last && last.sum / last.count > pool.sum / pool.count; last = pools.at(-1)) {
      pool = { sum: last.sum + pool.sum, count: last.count + pool.count };
      pools.pop();
    }
    pools.push(pool);
  });
  const even = pools.flatMap(({ sum, count }) => Array<number>(count).fill(Math.round(sum / count)));
  return even.map((value, i) => value + i * step);
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

const MARGIN = 30;
const TRIES = 200;

/** What stands within the box of a group that it is not of goes above or below it, with all that is there. */
function apart(places: Places, groups: readonly Together[], shape: Shape): Places {
  const made: Places = new Map(places);
  for (let tries = 0; tries < TRIES; tries++) {
    const hit = groups.map((group) => stranger(made, group, shape)).find((each) => each !== null);
    if (!hit) break;
    const { node, box, members } = hit;
    const [, y] = made.get(node) ?? [0, 0];
    const below = y + shape.height / 2 >= (box.top + box.bottom) / 2;
    const by = below ? box.bottom + MARGIN - y : y + shape.height + MARGIN - box.top;
    for (const [each, place] of made) {
      const goes = below ? !members.has(each) && place[1] >= y : members.has(each) || (each !== node && place[1] >= box.top);
      if (goes) made.set(each, [place[0], place[1] + by]);
    }
  }
  return made;
}

interface Hit {
  node: string;
  box: { top: number; bottom: number };
  members: ReadonlySet<string>;
}

function stranger(places: Places, group: Together, shape: Shape): Hit | null {
  const members = new Set(group.nodes);
  const at = [...places].flatMap(([node, place]) => (members.has(node) ? [place] : []));
  if (!at.length) return null;
  const [left, right] = [Math.min(...at.map(([x]) => x)), Math.max(...at.map(([x]) => x)) + shape.width];
  const box = { top: Math.min(...at.map(([, y]) => y)), bottom: Math.max(...at.map(([, y]) => y)) + shape.height };
  for (const [node, [x, y]] of places) {
    if (!members.has(node) && x < right && x + shape.width > left && y < box.bottom && y + shape.height > box.top) return { node, box, members };
  }
  return null;
}
