/** The components as canvas and forms need them, by name; and what an edge without a port means. */

import { useMemo } from "react";

import { useComponents } from "../../api/compile";
import type { LibraryComponent } from "../../api/library";
import type { ComponentSpec } from "../../api/types";
import { OUTPUT, inputNode } from "../../document/inside";
import type { ModelComponent, ModelEdge } from "../../document/model";
import { t } from "../../i18n";
import { useEditor } from "../document/editor";

export type InputPort = ComponentSpec["ports"]["inputs"][number];
export type Relation = InputPort["relation"];

export interface Verb extends Omit<ComponentSpec, "ports"> {
  inputs: readonly InputPort[];
  /** What its output is; null where it has none. */
  gives: Relation | null;
  /** Where the document has no such component yet: what the library keeps of it. */
  kept?: LibraryComponent;
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

/** The catalogue and the components that the document itself defines. */
export function useKnown(): Catalogue {
  const catalogue = useCatalogue();
  const own = useEditor((state) => state.model.components);
  const declared = useEditor((state) => (own.length ? state.compiled?.components : undefined));
  const inside = useEditor((state) => state.inside?.component);
  return useMemo(() => {
    if (!own.length) return catalogue;
    const said = catalogueOf((declared ?? []).filter((spec) => own.some((each) => each.name === spec.name)));
    const known = new Map([...catalogue, ...own.map((each) => [each.name, ownVerb(each, catalogue)] as const), ...said]);
    const around = inside && known.get(inside.name);
    return around ? new Map([...known, ...endsOf(around).map((verb) => [verb.name, verb] as const)]) : known;
  }, [catalogue, own, declared, inside]);
}

export const OWN = "own";
/** What stands for inputs and output of a component, inside of it. */
const END = "end";

function endsOf({ inputs, gives }: Verb): Verb[] {
  const nothing = { family: END, details: "", example: {}, properties: [] };
  const output: Verb = { ...nothing, name: OUTPUT, title: t("Output"), doc: t("What the component gives to those outside."), gives: null,
    inputs: [{ name: "rows", help: "", optional: false, many: false, relation: gives ?? "rows" }] };
  return [...inputs.map(({ name, relation }): Verb => ({ ...nothing, name: inputNode(name), title: t("Input"), doc: t("What comes in from outside."), inputs: [], gives: relation })),
    ...(gives ? [output] : [])];
}

/** The components that one can add. */
export function offered(catalogue: Catalogue): Verb[] {
  return [...catalogue.values()].filter((verb) => verb.family !== END);
}

/** A component of the document: its inputs take what the inner ones take, its output gives what the inner one gives. */
function ownVerb(own: ModelComponent, catalogue: Catalogue): Verb {
  const inner = (node: string) => catalogue.get(own.nodes.find((each) => each.id === node)?.component ?? "");
  const inputs = own.inputs.map(({ name, node, port }): InputPort => {
    const takes = inner(node)?.inputs.find((each) => each.name === port) ?? inner(node)?.inputs[0];
    return { name, help: takes?.help ?? "", optional: false, many: false, relation: takes?.relation ?? "rows" };
  });
  const properties = own.properties.map((each) => ({ name: each.name, label: each.label, kind: each.kind, default: each.default })) as Verb["properties"];
  return { name: own.name, family: OWN, title: own.title, doc: own.doc, details: "", example: {}, properties, inputs, gives: own.output ? (inner(own.output)?.gives ?? "rows") : null };
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
