/**
 * Where nodes stand that nobody has placed: layers from left to right by the longest path, few crossings within them.
 *
 * A long pipeline is folded into bands, one below the other like lines of a text, so that it fills a screen and can be
 * read. The same graph gives the same picture, always.
 */
import type { Layout, Place } from "./model";

export interface Shape {
  /** A node's width and height, and the gaps between layers, within a layer, and between bands. */
  width: number;
  height: number;
  across: number;
  down: number;
  between: number;
  /** Width by height of the space the whole picture should fill. */
  aspect: number;
}

export const SHAPE: Shape = { width: 200, height: 70, across: 46, down: 22, between: 48, aspect: 2 };

export interface Link {
  from: string;
  to: string;
}

const SWEEPS = 8;

/** A place for each node. Those of `fixed` keep theirs; when some are fixed, the others are put behind what they read. */
export function arrange(nodes: readonly string[], links: readonly Link[], fixed: Layout = {}, shape: Shape = SHAPE): Layout {
  const kept = Object.fromEntries(nodes.flatMap((node) => (fixed[node] ? [[node, fixed[node]]] : [])));
  if (Object.keys(kept).length === nodes.length) return kept;
  const own = arrangeAll(nodes, links, shape);
  return Object.keys(kept).length ? fillIn(nodes, links, kept, own, shape) : own;
}

function arrangeAll(nodes: readonly string[], links: readonly Link[], shape: Shape): Layout {
  const graph = new Graph(nodes, links);
  const bands = fold(graph.layers(), shape);
  const places: Record<string, readonly [number, number]> = {};
  let top = 0;
  for (const band of bands) {
    const rows = Math.max(...band.map((layer) => layer.length), 1);
    band.forEach((layer, i) => {
      const offset = ((rows - layer.length) * (shape.height + shape.down)) / 2;
      layer.forEach((node, j) => {
        places[node] = [i * (shape.width + shape.across), Math.round(top + offset + j * (shape.height + shape.down))];
      });
    });
    top += rows * (shape.height + shape.down) - shape.down + shape.between;
  }
  return Object.fromEntries(nodes.flatMap((node) => (places[node] ? [[node, places[node]]] : [])));
}

/** The nodes by layer, from sources to sinks, in an order that crosses few wires. */
export function layersOf(nodes: readonly string[], links: readonly Link[]): string[][] {
  return new Graph(nodes, links).layers();
}

/** The layers in as many bands as let the picture be drawn largest. */
export function fold(layers: string[][], shape: Shape): string[][][] {
  let best: { size: number; bands: string[][][] } | null = null;
  for (let count = 1; count <= Math.max(1, Math.ceil(layers.length / 3)); count++) {
    const long = Math.ceil(layers.length / count);
    const bands = Array.from({ length: Math.ceil(layers.length / long) }, (_, i) => layers.slice(i * long, (i + 1) * long));
    const width = long * (shape.width + shape.across) - shape.across;
    const rows = bands.reduce((sum, band) => sum + Math.max(...band.map((layer) => layer.length)), 0);
    const height = rows * (shape.height + shape.down) + (bands.length - 1) * (shape.between - shape.down);
    const size = Math.min(shape.aspect / width, 1 / height);
    if (!best || size > best.size * 1.15) best = { size, bands }; // folding must be worth it
  }
  return best?.bands ?? [];
}

/** New nodes beside placed ones: right of what they read, or left of what reads them, moved down until nothing is there. */
function fillIn(nodes: readonly string[], links: readonly Link[], kept: Layout, own: Layout, shape: Shape): Layout {
  const places: Record<string, Place> = { ...kept };
  const missing = nodes.filter((node) => !kept[node]).sort((a, b) => (own[a]?.[1] ?? 0) - (own[b]?.[1] ?? 0)
    || (own[a]?.[0] ?? 0) - (own[b]?.[0] ?? 0));
  const lowest = Math.max(...Object.values(kept).map(([, y]) => y));
  for (const node of missing) {
    const before = links.filter((link) => link.to === node).flatMap((link) => (places[link.from] ? [places[link.from]] : []));
    const after = links.filter((link) => link.from === node).flatMap((link) => (places[link.to] ? [places[link.to]] : []));
    const wished = beside(before as Place[], after as Place[], shape) ?? [0, lowest + shape.height + shape.between];
    places[node] = free(wished, Object.values(places), shape);
  }
  return Object.fromEntries(nodes.map((node) => [node, places[node] as Place]));
}

function beside(before: Place[], after: Place[], shape: Shape): Place | null {
  const step = shape.width + shape.across;
  if (before.length) return [Math.max(...before.map(([x]) => x)) + step, before[0]?.[1] ?? 0];
  if (after.length) return [Math.min(...after.map(([x]) => x)) - step, after[0]?.[1] ?? 0];
  return null;
}

function free([x, y]: Place, taken: readonly Place[], shape: Shape): Place {
  let at = y;
  for (;;) {
    const hit = taken.find(([a, b]) => Math.abs(a - x) < shape.width + 8 && Math.abs(b - at) < shape.height + 8);
    if (!hit) return [x, at];
    at = hit[1] + shape.height + shape.down;
  }
}

/** Nodes by number, with edges that would close a circle left out. */
class Graph {
  private readonly after: number[][];
  private readonly before: number[][];

  constructor(private readonly names: readonly string[], links: readonly Link[]) {
    const index = new Map(names.map((name, i) => [name, i]));
    this.after = names.map(() => []);
    this.before = names.map(() => []);
    for (const link of links) {
      const [from, to] = [index.get(link.from), index.get(link.to)];
      if (from !== undefined && to !== undefined && from !== to && !this.after[from]?.includes(to)) this.after[from]?.push(to);
    }
    this.openCircles();
    this.after.forEach((targets, from) => targets.forEach((to) => this.before[to]?.push(from)));
  }

  /** Takes out the edges that lead back to a node they come from. */
  private openCircles(): void {
    const state = this.names.map(() => 0); // 0 new, 1 on the way, 2 done
    for (let start = 0; start < this.names.length; start++) {
      if (state[start]) continue;
      const way: Array<[number, number]> = [[start, 0]];
      state[start] = 1;
      while (way.length) {
        const top = way.at(-1) as [number, number];
        const targets = this.after[top[0]] as number[];
        const to = targets[top[1]];
        if (to === undefined) {
          state[top[0]] = 2;
          way.pop();
        } else if (state[to] === 1) {
          targets.splice(top[1], 1);
        } else {
          top[1]++;
          if (!state[to]) {
            state[to] = 1;
            way.push([to, 0]);
          }
        }
      }
    }
  }

  /** Names by layer, in the order that crosses least of those tried. */
  layers(): string[][] {
    const depth = this.depths();
    const long = this.withPassing(depth);
    let order = long.layers;
    let best = order.map((layer) => [...layer]);
    let least = crossings(order, long.after);
    for (let sweep = 0; sweep < SWEEPS && least > 0; sweep++) {
      order = sweep % 2 ? sweepLayers(order.reverse(), long.after).reverse() : sweepLayers(order, long.before);
      const now = crossings(order, long.after);
      if (now < least) [least, best] = [now, order.map((layer) => [...layer])];
    }
    return best.map((layer) => layer.flatMap((i) => (i < this.names.length ? [this.names[i] as string] : [])));
  }

  /** The longest path to each node; a source stands right before what reads it first. */
  private depths(): number[] {
    const depth = this.names.map(() => 0);
    const waiting = this.before.map((sources) => sources.length);
    const ready = waiting.flatMap((count, i) => (count ? [] : [i]));
    for (let at = 0; at < ready.length; at++) {
      const node = ready[at] as number;
      for (const to of this.after[node] ?? []) {
        depth[to] = Math.max(depth[to] ?? 0, (depth[node] ?? 0) + 1);
        waiting[to] = (waiting[to] ?? 0) - 1;
        if (!waiting[to]) ready.push(to);
      }
    }
    this.before.forEach((sources, node) => {
      const next = (this.after[node] ?? []).map((to) => depth[to] ?? 0);
      if (!sources.length && next.length) depth[node] = Math.min(...next) - 1;
    });
    return depth;
  }

  /** Layers with a stand-in wherever an edge passes through one, so that edges keep room. */
  private withPassing(depth: number[]): { layers: number[][]; after: Map<number, number[]>; before: Map<number, number[]> } {
    const layers: number[][] = Array.from({ length: Math.max(...depth, -1) + 1 }, () => []);
    const after = new Map<number, number[]>();
    const before = new Map<number, number[]>();
    const join = (from: number, to: number) => {
      after.set(from, [...(after.get(from) ?? []), to]);
      before.set(to, [...(before.get(to) ?? []), from]);
    };
    depth.forEach((at, node) => layers[at]?.push(node));
    let next = this.names.length;
    this.after.forEach((targets, from) => {
      for (const to of targets) {
        let last = from;
        for (let at = (depth[from] ?? 0) + 1; at < (depth[to] ?? 0); at++) {
          layers[at]?.push(next);
          join(last, next);
          last = next++;
        }
        join(last, to);
      }
    });
    return { layers, after, before };
  }
}

/** Each layer in the order of the middle of its neighbours in the layer before it. */
function sweepLayers(layers: number[][], neighbours: Map<number, number[]>): number[][] {
  const swept: number[][] = [];
  for (const layer of layers) {
    const position = new Map((swept.at(-1) ?? []).map((node, i) => [node, i]));
    const keyed = layer.map((node, i) => {
      const places = (neighbours.get(node) ?? []).flatMap((each) => position.get(each) ?? []);
      return { node, i, middle: places.length ? places.reduce((a, b) => a + b, 0) / places.length : i };
    });
    swept.push(keyed.sort((a, b) => a.middle - b.middle || a.i - b.i).map(({ node }) => node));
  }
  return swept;
}

/** How many pairs of edges between neighbouring layers cross. */
function crossings(layers: number[][], after: Map<number, number[]>): number {
  let count = 0;
  for (let i = 0; i + 1 < layers.length; i++) {
    const position = new Map((layers[i + 1] ?? []).map((node, at) => [node, at]));
    const ends = (layers[i] ?? []).flatMap((node) => (after.get(node) ?? []).map((to) => position.get(to) ?? 0).sort((a, b) => a - b));
    for (let a = 0; a < ends.length; a++) for (let b = a + 1; b < ends.length; b++) if ((ends[b] ?? 0) < (ends[a] ?? 0)) count++;
  }
  return count;
}
