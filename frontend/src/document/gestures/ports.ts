/** What gestures know of components: their inputs, what they give, what their properties speak of. */
import type { Model, ModelComponent } from "../model";
import { graphOf } from "./graph";

export type Relation = "rows" | "dimension" | "model";

export interface PortSpec {
  name: string;
  relation: Relation;
  optional: boolean;
  /** It takes several wires. */
  many: boolean;
}

export interface PropertyKind {
  name: string;
  /** "column", "columns", "expression", "expressions", "query"...: how its value speaks of columns. */
  kind: string;
  /** The input whose columns it speaks of. */
  port: string | null;
  /** What an absent one means. */
  default?: unknown;
}

export interface ComponentView {
  inputs: readonly PortSpec[];
  /** What its output is; null where it has none. */
  gives: Relation | null;
  family: string;
  title: string;
  properties: readonly PropertyKind[];
}

/** The catalogue of components, as gestures see it. */
export interface Ports {
  /** All names. */
  readonly names: readonly string[];
  find(component: string): ComponentView | undefined;
}

/** A catalogue's view: of the platform's components by name. */
export function portsOf(components: ReadonlyMap<string, ComponentView>): Ports {
  return { names: [...components.keys()], find: (name) => components.get(name) };
}

/** A component of the platform, or of the document itself. */
export function viewOf(model: Model, ports: Ports, component: string): ComponentView | undefined {
  const own = model.components.find((each) => each.name === component);
  return own ? ownView(model, ports, own) : ports.find(component);
}

/** What a node's component is; undefined where nobody knows it. */
export function nodeView(model: Model, ports: Ports, node: string): ComponentView | undefined {
  const found = graphOf(model).nodes.get(node);
  return found && viewOf(model, ports, found.component);
}

const DEEPEST = 8;

function ownView(model: Model, ports: Ports, own: ModelComponent, depth = 0): ComponentView {
  const inner = (id: string): ComponentView | undefined => {
    const name = own.nodes.find((node) => node.id === id)?.component ?? "";
    const nested = model.components.find((each) => each.name === name);
    if (!nested) return ports.find(name);
    return depth < DEEPEST ? ownView(model, ports, nested, depth + 1) : undefined;
  };
  const inputs = own.inputs.map(({ name, node, port }): PortSpec => {
    const specs = inner(node)?.inputs ?? [];
    const spec = specs.find((each) => each.name === port) ?? specs[0];
    return { name, relation: spec?.relation ?? "rows", optional: spec?.optional ?? false, many: spec?.many ?? false };
  });
  return {
    inputs,
    gives: own.output ? (inner(own.output)?.gives ?? "rows") : null,
    family: "document",
    title: own.title,
    properties: own.properties.map(({ name, kind }) => ({ name, kind, port: inputs[0]?.name ?? null })),
  };
}
