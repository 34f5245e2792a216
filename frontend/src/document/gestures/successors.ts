/** What may come behind a node, what people mostly want first. */
import type { Model } from "../model";
import { type ComponentView, type Ports, type Relation, nodeView, viewOf } from "./ports";

export interface Successor {
  component: string;
  port: string;
}

/** How likely a component of a family comes behind one of another, by what flows between them. 0 to 9; what is not told is 3. */
const LIKELY: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  sources: { transform: 9, join: 7, aggregate: 6, sinks: 4, learn: 2 },
  transform: { aggregate: 9, join: 8, learn: 7, transform: 6, sinks: 5 },
  aggregate: { transform: 9, sinks: 7, join: 6, learn: 5, aggregate: 3 },
  join: { transform: 9, learn: 8, aggregate: 6, sinks: 5, join: 4 },
  learn: { learn: 9, join: 7, transform: 6, sinks: 5, aggregate: 2 },
};

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
  const names = [...model.components.map((each) => each.name), ...ports.names];
  const found = [...new Set(names)].flatMap((component, i) => {
    const view = viewOf(model, ports, component);
    const port = view && fits(view);
    if (!view || !port) return [];
    const score = backwards ? likely(view, near) : likely(near, view);
    return [{ component, port, i, score: score + used(model, component) }];
  });
  return found.sort((a, b) => b.score - a.score || a.i - b.i).map(({ component, port }) => ({ component, port }));
}

function likely(from: ComponentView, to: ComponentView): number {
  const special = from.gives !== "rows" && to.inputs.some((port) => port.relation === from.gives) ? 20 : 0;
  return special + (LIKELY[from.family]?.[to.family] ?? 3);
}

/** What a pipeline uses already it uses again, a little. */
function used(model: Model, component: string): number {
  return model.nodes.some((node) => node.component === component) ? 0.5 : 0;
}
