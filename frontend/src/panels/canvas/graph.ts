/** The document as what the canvas draws: tiles and wires, each object kept as long as it says the same. */

import { type Edge, Position } from "@xyflow/react";

import type { Diagnostic } from "../../api/types";
import { SHAPE } from "../../document/layout";
import type { Model, ModelEdge, ModelNode } from "../../document/model";
import { t } from "../../i18n";
import { type Catalogue, type InputPort, type Relation, type Verb, portOf } from "./catalogue";
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
  /** What the document and its compiler say of it: `incomplete` where only something is missing. */
  state: "valid" | "incomplete" | "invalid";
  /** It takes no part: rows go past it, or it and what only it feeds is left out. */
  disabled: boolean;
}

export type WireEdge = Edge<{ relation: string; lane: number | null }, "rate">;

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

/** Errors by which a node lacks something rather than has something wrong. */
const INCOMPLETE = new Set(["missing_input", "missing_property", "missing_field"]);

export function tilesOf(model: Model, catalogue: Catalogue, diagnostics: readonly Diagnostic[], failure: Failure | null,
                        before: ReadonlyMap<string, TileData>): Map<string, TileData> {
  const said = byNode(diagnostics);
  return new Map(model.nodes.map((node) => {
    const verb = catalogue.get(node.component);
    const own = said.get(node.id) ?? [];
    const errors = own.filter((each) => each.severity === "error");
    const tile: TileData = {
      id: node.id,
      label: node.label || node.id,
      component: node.component,
      title: verb?.title ?? node.component,
      family: verb?.family ?? "",
      glimpse: glimpseOf(node, verb),
      inputs: verb?.inputs ?? unknownInputs(model.edges, node.id),
      gives: verb ? verb.gives : "rows",
      errors: errors.length,
      warnings: own.length - errors.length,
      problem: (errors[0] ?? own[0])?.message ?? "",
      failure: failure?.node === node.id ? failure.message : "",
      state: !errors.length ? "valid" : errors.every((each) => INCOMPLETE.has(each.code)) ? "incomplete" : "invalid",
      disabled: node.disabled,
    };
    const old = before.get(node.id);
    return [node.id, old && isSame(old, tile) ? old : tile];
  }));
}

const glimpses = new WeakMap<ModelNode, { verb: Verb | undefined; text: string }>();

/** A node that says the same is the same object: most stay as they were. */
function glimpseOf(node: ModelNode, verb: Verb | undefined): string {
  const known = glimpses.get(node);
  if (known && known.verb === verb) return known.text;
  const text = glimpse(node.properties, verb?.properties ?? []);
  glimpses.set(node, { verb, text });
  return text;
}

function byNode(diagnostics: readonly Diagnostic[]): Map<string, Diagnostic[]> {
  const found = new Map<string, Diagnostic[]>();
  for (const each of diagnostics) {
    const node = each.node ?? "";
    found.set(node, [...(found.get(node) ?? []), each]);
  }
  return found;
}

function isSame(a: TileData, b: TileData): boolean {
  return Object.entries(b).every(([name, value]) => a[name] === value || (name === "inputs" && JSON.stringify(a.inputs) === JSON.stringify(value)));
}

/** A port as the canvas places it: its box from the tile's corner. */
export interface PortShape {
  id: string | null;
  type: "source" | "target";
  position: Position;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What the canvas need not measure of a tile, since it is known. */
export interface TileShape {
  width: number;
  height: number;
  measured: { width: number; height: number };
  handles: PortShape[];
}

const PORT = 9;
const SIZE = { width: SHAPE.width, height: SHAPE.height };
const shapes = new WeakMap<TileData, TileShape>();

/** How far down a tile its inputs are: the i-th of so many. */
export const portDown = (i: number, of: number): number => ((i + 1) * SHAPE.height) / (of + 1);

/** Size and ports of a tile; the same object for the same tile. */
export function shapeOf(tile: TileData): TileShape {
  const known = shapes.get(tile);
  if (known) return known;
  const box = (id: string | null, type: PortShape["type"], x: number, y: number): PortShape =>
    ({ id, type, position: type === "source" ? Position.Right : Position.Left, x: x - PORT / 2, y: y - PORT / 2, width: PORT, height: PORT });
  const inputs = tile.inputs.map((port, i) => box(port.name, "target", 0, portDown(i, tile.inputs.length)));
  const made = { ...SIZE, measured: SIZE, handles: tile.gives ? [...inputs, box(null, "source", SHAPE.width, SHAPE.height / 2)] : inputs };
  shapes.set(tile, made);
  return made;
}

/** A component that nobody knows still has its wires drawn. */
function unknownInputs(edges: readonly ModelEdge[], node: string): InputPort[] {
  const names = new Set(edges.filter((edge) => edge.to === node).map((edge) => edge.port || "rows"));
  return [...names].map((name) => ({ name, help: "", optional: false, many: true, relation: "rows" }));
}

/** The wires; those that were there where they all say the same. */
export function wiresOf(model: Model, catalogue: Catalogue, before: readonly Wire[] = []): readonly Wire[] {
  const made = madeWires(model, catalogue);
  const same = made.length === before.length && made.every(({ id, relation }, i) => before[i]?.id === id && before[i].relation === relation);
  return same ? before : made;
}

function madeWires(model: Model, catalogue: Catalogue): Wire[] {
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

/** The wires as React Flow draws them; those that say the same are the same objects as before. */
export function edgesOf(wires: readonly Wire[], lanes: ReadonlyArray<number | null>, before: readonly WireEdge[]): WireEdge[] {
  const old = new Map(before.map((edge) => [edge.id, edge]));
  return wires.map((wire, i) => {
    const was = old.get(wire.id);
    const lane = lanes[i] ?? null;
    if (was?.data?.lane === lane && was.data.relation === wire.relation) return was;
    return { id: wire.id, type: "rate", source: wire.source, target: wire.target, targetHandle: wire.port, data: { relation: wire.relation, lane }, focusable: false,
      ariaLabel: t("Wire from {from} to {to}", { from: wire.source, to: wire.target }) };
  });
}

/** How thick a wire is drawn, in pixels, by the rows a second that go through it. */
export function wireWidth(rate: number | null): number {
  return rate === null || rate <= 0 ? 1.5 : Math.min(6, 1.5 + Math.log10(1 + rate) * 0.8);
}

/** From which share of its time on a node that waits for those behind it is held back, and much so. */
const HELD = [[0.8, "blocked"], [0.5, "held"]] as const;

/** How much what leaves a node is held back; "" where it is not. */
export function toneOf(figures: { waits: number | null } | undefined): string {
  return HELD.find(([share]) => (figures?.waits ?? 0) >= share)?.[1] ?? "";
}
