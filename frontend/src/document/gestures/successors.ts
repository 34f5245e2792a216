/** What may come behind a node, what people mostly want first. */
import type { Model } from "../model";
import { type ComponentView, type Ports, type Relation, nodeView, viewOf } from "./ports";

export interface Successor {
  component: string;
  port: string;
}

/** How likely a component of a family comes right behind one of another: 0 to 9. */
const LIKELY: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  sources: { transform: 9, aggregate: 8, join: 7, sinks: 4, learn: 2 },
  transform: { aggregate: 9, join: 8, learn: 7, transform: 6, sinks: 5 },
  aggregate: { transform: 9, learn: 8, sinks: 7, join: 6, aggregate: 3 },
  join: { transform: 9, learn: 8, aggregate: 6, sinks: 5, join: 4 },
  learn: { learn: 9, join: 7, transform: 6, sinks: 5, aggregate: 2 },
};

const UNTOLD = 5;
/** What takes another thing than rows is what one wants behind it. */
const SPECIAL = 20;
/** The same once more, and what takes anything (a union, SQL), are rarely the next step. */
const [AGAIN, ANYTHING, USED] = [2, 3, 0.5];

/** The components whose input takes what a node gives, best guess first. */
export function successors(model: Model, ports: Ports, node: string): Successor[] {
  const source = nodeView(model, ports, node);
  if (!source?.gives) return [];
  return ranked(model, ports, (view) => fitting(view, source.gives as Relation), source);
}

/** The components that give what an input takes, best guess first. */
export function predecessors(model: Model, ports: Ports, node: string, port?: string): Successor[] {
  const target = nodeView(model, ports, node);
  const wanted = target?.inputs.find((each) => !port || each.name === port);
  if (!target || !wanted) return [];
  return ranked(model, ports, (view) => (view.gives === wanted.relation ? wanted.name : null), target, true);
}

function fitting(view: ComponentView, gives: Relation): string | null {
  return view.inputs.find((port) => port.relation === gives)?.name ?? null;
}

function ranked(model: Model, ports: Ports, fits: (view: ComponentView) => string | null, near: ComponentView, backwards = false): Successor[] {
  const names = new Set([...model.components.map((each) => each.name), ...ports.names]);
  const used = new Set(model.nodes.map((node) => node.component));
  const found = [...names].flatMap((component, i) => {
    const view = viewOf(model, ports, component);
    const port = view && fits(view);
    if (!view || !port) return [];
    return [{ component, port, i, score: (backwards ? likely(view, near) : likely(near, view)) + (used.has(component) ? USED : 0) }];
  });
  return found.sort((a, b) => b.score - a.score || a.i - b.i).map(({ component, port }) => ({ component, port }));
}

function likely(from: ComponentView, to: ComponentView): number {
  const special = from.gives !== "rows" && to.inputs.some((port) => port.relation === from.gives) ? SPECIAL : 0;
  const again = from.title === to.title ? AGAIN : 0;
  const anything = to.inputs.some((port) => port.many) ? ANYTHING : 0;
  return special + (LIKELY[from.family]?.[to.family] ?? UNTOLD) - again - anything;
}
