/** What copied nodes say of columns, bound to the columns where they are pasted. */
import { t } from "../../i18n";
import type { Model, ModelNode } from "../model";
import { defines, reads } from "./columns";
import { viewOf, type Ports } from "./ports";
import { follow } from "./rename";
import { portOfEdge } from "./wires";

export interface ColumnInfo {
  name: string;
  type?: string;
}

export interface Bound {
  nodes: ModelNode[];
  problems: string[];
}

/** The nodes with the columns that they read from outside bound to those that are there: the same name, else the nearest of the same type. */
export function rebound(model: Model, ports: Ports, columns: readonly ColumnInfo[], types: ReadonlyMap<string, string> = new Map()): Bound {
  const inside = new Set(model.nodes.map((node) => node.id));
  const entries = model.nodes.flatMap((node) => openInputs(model, ports, node, inside).map((port) => ({ node, port })));
  const wanted = new Map<string, string>(); // name -> the first node that reads it
  for (const { node } of entries) for (const reader of readersOf(model, node.id)) noteReads(model, ports, reader, wanted);
  const names = new Map<string, string>();
  const problems: string[] = [];
  for (const [name, node] of wanted) {
    const found = nearest(name, types.get(name), columns);
    if (found === null) problems.push(t("“{node}” reads the column “{column}”, which is not here", { node, column: name }));
    else if (found !== name) names.set(name, found);
  }
  if (!names.size) return { nodes: model.nodes, problems };
  const at = new Map<string, Map<string, ReadonlyMap<string, string>>>();
  for (const { node, port } of entries) at.set(node.id, (at.get(node.id) ?? new Map<string, ReadonlyMap<string, string>>()).set(port, names));
  const changed = new Map(follow(model, ports, new Map(), at).nodes.map((node) => [node.id, node]));
  return { nodes: model.nodes.map((node) => changed.get(node.id) ?? node), problems };
}

/** The inputs for rows that nothing among the nodes feeds. */
function openInputs(model: Model, ports: Ports, node: ModelNode, inside: ReadonlySet<string>): string[] {
  return (viewOf(model, ports, node.component)?.inputs ?? []).filter((port) => port.relation === "rows"
    && !model.edges.some((edge) => inside.has(edge.from) && edge.to === node.id && portOfEdge(model, ports, edge) === port.name)).map((port) => port.name);
}

/** A node and all behind it. */
function readersOf(model: Model, start: string): ModelNode[] {
  const seen = new Set([start]);
  for (const id of seen) for (const edge of model.edges) if (edge.from === id) seen.add(edge.to);
  return model.nodes.filter((node) => seen.has(node.id));
}

/** What a node reads that no node before it among these has named. */
function noteReads(model: Model, ports: Ports, node: ModelNode, wanted: Map<string, string>): void {
  const made = new Set(feeding(model, node.id).flatMap((each) => {
    const view = viewOf(model, ports, each.component);
    return view ? defines(each, view) : [];
  }));
  const view = viewOf(model, ports, node.component);
  for (const port of view?.inputs ?? []) {
    if (!view || port.relation !== "rows") continue;
    for (const name of reads(node, view, port.name)) if (!made.has(name) && !wanted.has(name)) wanted.set(name, node.id);
  }
}

function feeding(model: Model, start: string): ModelNode[] {
  const seen = new Set([start]);
  for (const id of seen) for (const edge of model.edges) if (edge.to === id) seen.add(edge.from);
  seen.delete(start);
  return model.nodes.filter((node) => seen.has(node.id));
}

/** The column that is meant by a name; null where none is near enough. */
function nearest(name: string, type: string | undefined, columns: readonly ColumnInfo[]): string | null {
  if (columns.some((column) => column.name === name)) return name;
  const ranked = columns.filter((column) => !type || !column.type || column.type === type)
    .map((column) => ({ name: column.name, far: farness(name, column.name) }))
    .filter((each) => each.far <= Math.max(1, Math.floor(Math.min(name.length, each.name.length) / 3)))
    .sort((a, b) => a.far - b.far);
  const [best, next] = ranked;
  return best && (!next || next.far > best.far) ? best.name : null; // of two that are as near, neither
}

/** By letters; names of which one has all words of the other are near: user, user_id. */
function farness(a: string, b: string): number {
  const [few, many] = [words(a), words(b)].sort((x, y) => x.length - y.length) as [string[], string[]];
  const within = few.every((word) => many.includes(word)) ? 1 : Infinity;
  return Math.min(distance(plain(a), plain(b)), within);
}

function words(name: string): string[] {
  return name.split(/[^\p{L}\p{N}]+|(?<=\p{Ll})(?=\p{Lu})/u).filter(Boolean).map((word) => word.toLowerCase());
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

/** How many letters must be changed, added or taken away (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
