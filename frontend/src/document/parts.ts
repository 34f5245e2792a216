/** The parts of a document, read off plain values: whatever is not what it should be is left out. */

export interface ModelNode {
  id: string;
  component: string;
  label: string;
  /** Bypassed where rows can pass, else left out with what only it feeds. */
  disabled: boolean;
  properties: Record<string, unknown>;
}

/** `port`: the target's input, "" where the document names none. */
export interface ModelEdge {
  from: string;
  to: string;
  port: string;
}

export interface ModelParameter {
  name: string;
  /** null: the run must give a value. */
  default: string | null;
  description: string;
}

/** Where nodes and notes are drawn: id -> [x, y], or [x, y, width, height] where they have a size. */
export type Layout = Readonly<Record<string, Place>>;
export type Place = readonly [number, number] | readonly [number, number, number, number];

/** Nodes drawn as one; it changes nothing of what they do. */
export interface ModelGroup {
  id: string;
  label: string;
  nodes: string[];
  collapsed: boolean;
}

export interface ModelNote {
  id: string;
  text: string;
}

/** A property of a component that the document defines; `${name}` inside stands for its value. */
export interface ModelProperty {
  name: string;
  label: string;
  kind: string;
  default: unknown;
}

/** A component that the document itself defines: a pipeline with named inputs and one output. */
export interface ModelComponent {
  name: string;
  title: string;
  doc: string;
  /** Its inputs by name: the inner node, and the port of it, that each of them feeds. */
  inputs: Array<{ name: string; node: string; port: string }>;
  /** The inner node whose rows it gives; "" where it gives none. */
  output: string;
  properties: ModelProperty[];
  nodes: ModelNode[];
  edges: ModelEdge[];
  /** All of it, as the document has it. */
  value: Record<string, unknown>;
}

export type Row = Record<string, unknown>;

/** Rows that stand for a source while one works on the pipeline. */
export interface ModelSample {
  node: string;
  rows: Row[];
  /** Where the rows are in a file instead. */
  file: { path: string; format: string } | null;
}

/** Rows given to sources, and the rows that nodes must then give. */
export interface ModelTest {
  name: string;
  given: Record<string, Row[]>;
  expect: Record<string, Row[]>;
  ordered: boolean;
  parameters: Record<string, string>;
}

/** Nodes, the first of an id counts. */
export function nodesOf(values: readonly unknown[]): ModelNode[] {
  const found = new Map<string, ModelNode>();
  for (const value of values) {
    const node = nodeOf(value);
    if (node && !found.has(node.id)) found.set(node.id, node);
  }
  return [...found.values()];
}

const read = new WeakMap<object, ModelNode>(); // the same object for the same value, as long as a node's text stays

export function nodeOf(value: unknown): ModelNode | null {
  if (typeof value !== "object" || value === null) return null;
  const known = read.get(value);
  if (known) return known;
  const made = newNodeOf(value);
  if (made) read.set(value, made);
  return made;
}

function newNodeOf(value: object): ModelNode | null {
  const { id, component, label, disabled, properties } = record(value);
  if (typeof id !== "string" || !id) return null;
  return { id, component: textOf(component), label: textOf(label), disabled: disabled === true, properties: record(properties) };
}

/** An edge as the document writes it: "node" or "node.port" at its end. */
export function edgeOf(value: unknown): ModelEdge[] {
  const { from, to } = record(value);
  if (typeof from !== "string" || typeof to !== "string") return [];
  const end = endOf(to);
  return [{ from, to: end.node, port: end.port }];
}

/** "node" or "node.port". */
export function endOf(text: string): { node: string; port: string } {
  const dot = text.indexOf(".");
  return dot < 0 ? { node: text, port: "" } : { node: text.slice(0, dot), port: text.slice(dot + 1) };
}

export function parametersOf(value: unknown): ModelParameter[] {
  return Object.entries(record(value)).map(([name, given]) => {
    const made = record(given);
    return { name, default: made.default == null ? null : textOf(made.default), description: textOf(made.description) };
  });
}

export function groupsOf(value: unknown): ModelGroup[] {
  return identified(value).map(({ id, label, nodes, collapsed }) => ({
    id: String(id), label: textOf(label), nodes: texts(nodes), collapsed: collapsed === true,
  }));
}

export function notesOf(value: unknown): ModelNote[] {
  return identified(value).map(({ id, text }) => ({ id: String(id), text: textOf(text) }));
}

export function componentsOf(value: unknown): ModelComponent[] {
  return Object.entries(record(value)).map(([name, given]) => {
    const made = record(given);
    return {
      name,
      title: textOf(made.title) || name,
      doc: textOf(made.doc),
      inputs: Object.entries(record(made.inputs)).flatMap(([input, end]) =>
        (typeof end === "string" && end ? [{ name: input, ...endOf(end) }] : [])),
      output: typeof made.output === "string" ? made.output : "",
      properties: Object.entries(record(made.properties)).map(([property, declared]) => {
        const { label, kind, default: value } = record(declared);
        return { name: property, label: textOf(label) || property, kind: textOf(kind) || "text", default: value ?? null };
      }),
      nodes: nodesOf(list(made.nodes)),
      edges: list(made.edges).flatMap(edgeOf),
      value: made,
    };
  });
}

export function samplesOf(value: unknown): ModelSample[] {
  return Object.entries(record(value)).map(([node, given]) => {
    const { rows, file } = record(given);
    const { path, format } = record(file);
    return { node, rows: rowsOf(rows), file: typeof path === "string" && path ? { path, format: textOf(format) || "json" } : null };
  });
}

export function testsOf(value: unknown): ModelTest[] {
  return list(value).map(record).flatMap(({ name, given, expect, ordered, parameters }) => (typeof name === "string" && name ? [{
    name, given: rowsByNode(given), expect: rowsByNode(expect), ordered: ordered === true,
    parameters: Object.fromEntries(Object.entries(record(parameters)).map(([key, each]) => [key, textOf(each)])),
  }] : []));
}

export function layoutOf(value: unknown): Layout {
  return Object.fromEntries(Object.entries(record(value)).filter((entry): entry is [string, Place] => isPlace(entry[1])));
}

function isPlace(value: unknown): value is Place {
  return Array.isArray(value) && (value.length === 2 || value.length === 4) && value.every((part) => Number.isFinite(part));
}

function identified(value: unknown): Array<Record<string, unknown>> {
  const seen = new Set<unknown>();
  return list(value).map(record).filter(({ id }) => {
    if (typeof id !== "string" || !id || seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}

function rowsByNode(value: unknown): Record<string, Row[]> {
  return Object.fromEntries(Object.entries(record(value)).map(([node, rows]) => [node, rowsOf(rows)]));
}

function rowsOf(value: unknown): Row[] {
  return list(value).filter((row) => typeof row === "object" && row !== null && !Array.isArray(row)) as Row[];
}

function texts(value: unknown): string[] {
  return list(value).filter((each): each is string => typeof each === "string");
}

export function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string {
  return value == null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}
