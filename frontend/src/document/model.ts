/** What a pipeline document says, read off its text: enough to draw it, however broken it still is. */
import { type YAMLMap, isMap, isScalar, isSeq } from "yaml";
import { type Parsed, parseYaml } from "./yaml";

export interface ModelNode {
  id: string;
  component: string;
  label: string;
  properties: Record<string, unknown>;
  /** Where the node stands in the text: [start, end). */
  range: [number, number];
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

/** Where nodes are drawn: node -> [x, y]. */
export type Layout = Readonly<Record<string, readonly [number, number]>>;

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
  /** Positions that the document itself brings along, as exported ones do. */
  layout: Layout;
  /** Why it is not YAML; everything else is then as much as could be read. */
  problems: SyntaxProblem[];
}

/** The model of a text. Never throws: what cannot be read is left out, the compiler says why. */
export function readModel(text: string): Model {
  const parsed = parseYaml(text);
  const problems = parsed.errors.map((error) => ({ message: error.message.split("\n")[0] ?? "", at: error.pos[0] }));
  return { ...contents(parsed), problems };
}

function contents(parsed: Parsed): Omit<Model, "problems"> {
  const value = valueOf(parsed);
  return {
    name: textOf(value.name),
    description: textOf(value.description).trim(),
    parameters: Object.entries(record(value.parameters)).map(([name, given]) => {
      const made = record(given);
      return { name, default: made.default == null ? null : textOf(made.default), description: textOf(made.description) };
    }),
    settings: record(value.settings),
    nodes: nodesOf(parsed, list(value.nodes)),
    edges: list(value.edges).flatMap(edgeOf),
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

function nodesOf(parsed: Parsed, values: readonly unknown[]): ModelNode[] {
  const found = new Map<string, ModelNode>();
  const maps = values.map(record).filter((value) => "id" in value);
  const items = nodeItems(parsed).filter((item) => item.has("id"));
  for (const [i, item] of items.entries()) {
    const value = maps[i];
    if (typeof value?.id !== "string" || !value.id || found.has(value.id)) continue;
    found.set(value.id, {
      id: value.id,
      component: textOf(value.component),
      label: textOf(value.label),
      properties: record(value.properties),
      range: [item.range?.[0] ?? 0, item.range?.[1] ?? 0],
    });
  }
  return [...found.values()];
}

/** The maps under `nodes`, in order. */
export function nodeItems(parsed: Parsed): YAMLMap[] {
  const nodes = isMap(parsed.contents) ? parsed.contents.get("nodes", true) : null;
  return isSeq(nodes) ? (nodes.items.filter((item) => isMap(item)) as YAMLMap[]) : [];
}

/** The map of a node; undefined where there is none. */
export function nodeItem(parsed: Parsed, id: string): YAMLMap | undefined {
  return nodeItems(parsed).find((item) => item.get("id") === id);
}

/** An edge as the document writes it: "node" or "node.port" at its end. */
export function edgeOf(value: unknown): ModelEdge[] {
  const edge = record(value);
  if (typeof edge.from !== "string" || typeof edge.to !== "string") return [];
  const dot = edge.to.indexOf(".");
  return [dot < 0 ? { from: edge.from, to: edge.to, port: "" }
    : { from: edge.from, to: edge.to.slice(0, dot), port: edge.to.slice(dot + 1) }];
}

/** Where a node, or one of its properties, stands in the text; null where it is not in it. */
export function rangeOf(text: string, node: string, property?: string): [number, number] | null {
  const item = nodeItem(parseYaml(text), node);
  if (!item?.range) return null;
  const properties = item.get("properties", true);
  if (property && isMap(properties)) {
    const pair = properties.items.find((each) => isScalar(each.key) && each.key.value === property);
    const key = isScalar(pair?.key) ? pair.key.range : null;
    const value = (pair?.value as { range?: [number, number, number] } | null)?.range;
    if (key) return [key[0], Math.max(key[1], value?.[1] ?? 0)];
  }
  return [item.range[0], item.range[1]];
}

function layoutOf(value: unknown): Layout {
  const places = Object.entries(record(value)).filter((entry): entry is [string, [number, number]] => isPlace(entry[1]));
  return Object.fromEntries(places.map(([node, [x, y]]) => [node, [x, y]]));
}

function isPlace(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => Number.isFinite(part));
}

export function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return value == null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}
