/** The document as what the canvas draws: tiles and wires, each object kept as long as it says the same. */

import type { Diagnostic } from "../../api/types";
import type { Model, ModelEdge } from "../../document/model";
import { type Catalogue, type InputPort, type Relation, portOf } from "./catalogue";
import { glimpse } from "./glimpse";

export interface TileData extends Record<string, unknown> {
  id: string;
  label: string;
  component: string;
  /** The component's title; its name where the catalogue does not know it. */
  title: string;
  family: string;
  glimpse: string;
  inputs: readonly InputPort[];
  gives: Relation | null;
  errors: number;
  warnings: number;
  /** The first thing that is wrong, in words. */
  problem: string;
  /** What the last run failed of here. */
  failure: string;
}

export interface Wire {
  id: string;
  source: string;
  target: string;
  /** The input it ends at; null where the component is not known. */
  port: string | null;
  relation: Relation;
}

export interface Failure {
  node: string;
  message: string;
}

export function tilesOf(model: Model, catalogue: Catalogue, diagnostics: readonly Diagnostic[], failure: Failure | null,
                        before: ReadonlyMap<string, TileData>): Map<string, TileData> {
  const found = new Map<string, TileData>();
  for (const node of model.nodes) {
    const verb = catalogue.get(node.component);
    const own = diagnostics.filter((each) => each.node === node.id);
    const tile: TileData = {
      id: node.id,
      label: node.label || node.id,
      component: node.component,
      title: verb?.title ?? node.component,
      family: verb?.family ?? "",
      glimpse: glimpse(node.properties, verb?.properties ?? []),
      inputs: verb?.inputs ?? unknownInputs(model.edges, node.id),
      gives: verb ? verb.gives : "rows",
      errors: own.filter((each) => each.severity === "error").length,
      warnings: own.filter((each) => each.severity === "warning").length,
      problem: (own.find((each) => each.severity === "error") ?? own[0])?.message ?? "",
      failure: failure?.node === node.id ? failure.message : "",
    };
    const old = before.get(node.id);
    found.set(node.id, old && JSON.stringify(old) === JSON.stringify(tile) ? old : tile);
  }
  return found;
}

/** A component that nobody knows still has its wires drawn. */
function unknownInputs(edges: readonly ModelEdge[], node: string): InputPort[] {
  const names = new Set(edges.filter((edge) => edge.to === node).map((edge) => edge.port || "rows"));
  return [...names].map((name) => ({ name, help: "", optional: false, many: true, relation: "rows" }));
}

export function wiresOf(model: Model, catalogue: Catalogue): Wire[] {
  const component = new Map(model.nodes.map((node) => [node.id, catalogue.get(node.component)]));
  const found = new Map<string, Wire>();
  for (const edge of model.edges) {
    if (!component.has(edge.from) || !component.has(edge.to)) continue;
    const [source, target] = [component.get(edge.from), component.get(edge.to)];
    const port = target ? portOf(edge, target, source) : edge.port || "rows";
    const id = `${edge.from}>${edge.to}.${port ?? ""}`;
    found.set(id, { id, source: edge.from, target: edge.to, port, relation: source?.gives ?? "rows" });
  }
  return [...found.values()];
}

/** How thick a wire is drawn, in pixels, by the rows a second that go through it. */
export function wireWidth(rate: number | null): number {
  return rate === null || rate <= 0 ? 1.5 : Math.min(6, 1.5 + Math.log10(1 + rate) * 0.8);
}
