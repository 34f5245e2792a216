/** The components as canvas and forms need them, by name; and what an edge without a port means. */

import { useMemo } from "react";

import { useComponents } from "../../api/compile";
import type { ComponentSpec } from "../../api/types";
import type { ModelEdge } from "../../document/model";

export type InputPort = ComponentSpec["ports"]["inputs"][number];
export type Relation = InputPort["relation"];

export interface Verb extends Omit<ComponentSpec, "ports"> {
  inputs: readonly InputPort[];
  /** What its output is; null where it has none. */
  gives: Relation | null;
}

export type Catalogue = ReadonlyMap<string, Verb>;

export function catalogueOf(specs: readonly ComponentSpec[]): Catalogue {
  return new Map(specs.map(({ ports, ...spec }) => [spec.name, { ...spec, inputs: ports.inputs, gives: ports.outputs[0]?.relation ?? null }]));
}

const NONE: Catalogue = new Map();

/** The catalogue; empty until the platform has told it. */
export function useCatalogue(): Catalogue {
  const { data } = useComponents();
  return useMemo(() => (data ? catalogueOf(data) : NONE), [data]);
}

/** Whether the catalogue is known, or known not to come. */
export function useCatalogueReady(): boolean {
  const { isPending } = useComponents();
  return !isPending;
}

/** The input that an edge ends at: the one it names, else the first that takes what its source gives. */
export function portOf(edge: ModelEdge, target: Verb | undefined, source: Verb | undefined): string | null {
  const inputs = target?.inputs ?? [];
  const named = inputs.find((port) => port.name === edge.port);
  const fitting = edge.port ? named : inputs.find((port) => port.relation === (source?.gives ?? "rows"));
  return (fitting ?? inputs[0])?.name ?? null;
}
