/** A model's nodes and edges by what they are looked up by; made once for each model, which nobody changes. */
import type { Model, ModelEdge, ModelNode } from "../model";

export interface Graph {
  nodes: ReadonlyMap<string, ModelNode>;
  /** The edges that end at a node, and those that begin there. */
  into: ReadonlyMap<string, readonly ModelEdge[]>;
  out: ReadonlyMap<string, readonly ModelEdge[]>;
  /** All nodes that feed a node, nearest first, and all that it feeds; as far as anybody asked. */
  above: Map<string, ReadonlySet<string>>;
  below: Map<string, ReadonlySet<string>>;
}

const known = new WeakMap<Model, Graph>();

export function graphOf(model: Model): Graph {
  const graph = known.get(model) ?? {
    nodes: new Map(model.nodes.map((node) => [node.id, node])),
    into: byEnd(model.edges, "to"),
    out: byEnd(model.edges, "from"),
    above: new Map<string, ReadonlySet<string>>(),
    below: new Map<string, ReadonlySet<string>>(),
  };
  known.set(model, graph);
  return graph;
}

function byEnd(edges: readonly ModelEdge[], end: "from" | "to"): Map<string, ModelEdge[]> {
  const found = new Map<string, ModelEdge[]>();
  for (const edge of edges) {
    const others = found.get(edge[end]);
    if (others) others.push(edge);
    else found.set(edge[end], [edge]);
  }
  return found;
}
