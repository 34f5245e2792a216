/** Ways through the graph. */
import type { Model } from "../model";
import { graphOf } from "./graph";

export type Direction = "left" | "right" | "up" | "down";

/** The nodes right before a node, in the order of its wires. */
export function before(model: Model, node: string): string[] {
  return unique((graphOf(model).into.get(node) ?? []).map((edge) => edge.from));
}

/** The nodes right behind a node. */
export function behind(model: Model, node: string): string[] {
  return unique((graphOf(model).out.get(node) ?? []).map((edge) => edge.to));
}

/** All nodes that feed a node, nearest first; the node itself is not among them. */
export function upstream(model: Model, node: string): string[] {
  return [...reached(graphOf(model).above, node, (each) => before(model, each))];
}

/** All nodes that a node feeds, nearest first. */
export function downstream(model: Model, node: string): string[] {
  return [...reached(graphOf(model).below, node, (each) => behind(model, each))];
}

/** Whether rows of a node come to another one; a node reaches itself. */
export function reaches(model: Model, from: string, to: string): boolean {
  return from === to || reached(graphOf(model).above, to, (each) => before(model, each)).has(from);
}

/** Where an arrow key leads: along the wires to the left and right, among those beside it up and down. */
export function neighbours(model: Model, node: string, direction: Direction): string[] {
  if (direction === "left") return before(model, node);
  if (direction === "right") return behind(model, node);
  const beside = before(model, node).flatMap((each) => behind(model, each));
  const all = unique(beside.length ? beside : [...roots(model), node]);
  const at = all.indexOf(node);
  return direction === "up" ? all.slice(0, at).reverse() : all.slice(at + 1);
}

function roots(model: Model): string[] {
  const fed = new Set(model.edges.map((edge) => edge.to));
  return model.nodes.flatMap(({ id }) => (fed.has(id) ? [] : [id]));
}

function reached(known: Map<string, ReadonlySet<string>>, start: string, next: (node: string) => readonly string[]): ReadonlySet<string> {
  const found = known.get(start);
  if (found) return found;
  const seen = new Set([start]);
  for (const node of seen) for (const each of next(node)) seen.add(each);
  seen.delete(start);
  known.set(start, seen);
  return seen;
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
