/** What a pipeline document says, read off its text: enough to draw it, however broken it still is. */
import { type YAMLMap, isMap, isScalar, isSeq } from "yaml";
import {
  type Layout, type ModelComponent, type ModelEdge, type ModelGroup, type ModelNode, type ModelNote, type ModelParameter, type ModelSample,
  type ModelTest, componentsOf, edgeOf, groupsOf, layoutOf, list, nodesOf, notesOf, parametersOf, record, samplesOf, testsOf, textOf,
} from "./parts";
import { cut } from "./pieces";
import { type Parsed, parseYaml } from "./yaml";

export type {
  Layout, ModelComponent, ModelEdge, ModelGroup, ModelNode, ModelNote, ModelParameter, ModelProperty, ModelSample, ModelTest, Place, Row,
} from "./parts";
export { edgeOf, record } from "./parts";

export interface SyntaxProblem {
  message: string;
  /** Offset in the text. */
  at: number;
}

export interface Model {
  name: string;
  description: string;
  parameters: ModelParameter[];
  settings: Record<string, unknown>;
  nodes: ModelNode[];
  edges: ModelEdge[];
  groups: ModelGroup[];
  notes: ModelNote[];
  /** The components that the document itself defines. */
  components: ModelComponent[];
  samples: ModelSample[];
  tests: ModelTest[];
  /** Positions that the document itself brings along, as exported ones do. */
  layout: Layout;
  /** Why it is not YAML; everything else is then as much as could be read. */
  problems: SyntaxProblem[];
}

const KEPT = 4;
const known = new Map<string, Model>();

/** The model of a text, not to be changed. Never throws: what cannot be read is left out, the compiler says why. */
export function readModel(text: string): Model {
  const model = known.get(text) ?? modelIn(text);
  known.delete(text);
  known.set(text, model); // the newest last
  if (known.size > KEPT) known.delete(known.keys().next().value ?? "");
  return model;
}

function modelIn(text: string): Model {
  const source = cut(text);
  if (source) return { ...modelOf(source.value), problems: [] };
  const parsed = parseYaml(text);
  const problems = parsed.errors.map((error) => ({ message: error.message.split("\n")[0] ?? "", at: error.pos[0] }));
  return { ...modelOf(valueOf(parsed)), problems };
}

/** The model of a document's value. */
export function modelOf(value: Readonly<Record<string, unknown>>): Omit<Model, "problems"> {
  return {
    name: textOf(value.name),
    description: textOf(value.description).trim(),
    parameters: parametersOf(value.parameters),
    settings: record(value.settings),
    nodes: nodesOf(list(value.nodes)),
    edges: list(value.edges).flatMap(edgeOf),
    groups: groupsOf(value.groups),
    notes: notesOf(value.notes),
    components: componentsOf(value.components),
    samples: samplesOf(value.samples),
    tests: testsOf(value.tests),
    layout: layoutOf(value.layout),
  };
}

/** The whole document as plain values; an empty object where it is none. */
export function valueOf(parsed: Parsed): Record<string, unknown> {
  try {
    return record(parsed.toJS({ maxAliasCount: 1000 }));
  } catch {
    return {}; // aliases without an anchor, or far too many of them
  }
}

/** Where a node, or one of its properties, stands in the text; null where it is not in it. */
export function rangeOf(text: string, node: string, property?: string): [number, number] | null {
  const source = cut(text);
  const piece = source?.pieces.find((each) => each.section === "nodes" && record(list(source.value.nodes)[each.item]).id === node);
  if (!source || !piece) return rangeIn(parseYaml(text), node, property, 0);
  const before = "nodes:\n";
  return rangeIn(parseYaml(before + text.slice(piece.from, piece.to)), node, property, piece.from - before.length);
}

function rangeIn(parsed: Parsed, node: string, property: string | undefined, shift: number): [number, number] | null {
  const nodes = isMap(parsed.contents) ? parsed.contents.get("nodes", true) : null;
  const item = isSeq(nodes) ? (nodes.items as unknown[]).find((each): each is YAMLMap => isMap(each) && each.get("id") === node) : undefined;
  if (!item?.range) return null;
  const properties = item.get("properties", true);
  const pair = property && isMap(properties) ? properties.items.find((each) => isScalar(each.key) && each.key.value === property) : undefined;
  const key = isScalar(pair?.key) ? pair.key.range : null;
  const value = (pair?.value as { range?: [number, number, number] } | null | undefined)?.range;
  const [from, to] = key ? [key[0], Math.max(key[1], value?.[1] ?? 0)] : item.range;
  return [from + shift, to + shift];
}
