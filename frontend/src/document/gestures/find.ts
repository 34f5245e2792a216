/** Nodes by what people remember of them: name, label, component, a column, a word in a property. */
import type { Model, ModelNode } from "../model";

export interface Hit {
  node: string;
  where: "name" | "label" | "component" | "column" | "property" | "note" | "group";
  /** What was found: the label, the column's name, "condition: price > 3". */
  text: string;
  /** The property it stands in. */
  property?: string;
  rank: number;
}

/** What nodes give, as the compile answer has it. */
export type Schemas = Readonly<Record<string, { columns: ReadonlyArray<{ name: string; type: string }> } | undefined>>;

const MOST = 200;

/** The hits of a query, best first; a node once, by its best. `titles`: components' titles by name. */
export function find(model: Model, schemas: Schemas, query: string, titles: ReadonlyMap<string, string> = new Map()): Hit[] {
  const wanted = query.trim().toLowerCase();
  if (!wanted) return [];
  const hits: Hit[] = [];
  for (const node of model.nodes) {
    const best = bestOf(node, wanted, schemas, titles);
    if (best) hits.push(best);
  }
  for (const note of model.notes) push(hits, note.id, "note", firstLine(note.text, wanted), rankOf(note.text, wanted, 60));
  for (const group of model.groups) push(hits, group.id, "group", group.label || group.id, rankOf(group.label || group.id, wanted, 15));
  return hits.sort((a, b) => a.rank - b.rank).slice(0, MOST);
}

function bestOf(node: ModelNode, wanted: string, schemas: Schemas, titles: ReadonlyMap<string, string>): Hit | undefined {
  const hits: Hit[] = [];
  push(hits, node.id, "name", node.id, rankOf(node.id, wanted, 0));
  push(hits, node.id, "label", node.label, rankOf(node.label, wanted, 10));
  for (const { name } of schemas[node.id]?.columns ?? []) push(hits, node.id, "column", name, rankOf(name, wanted, 20));
  const title = titles.get(node.component) ?? node.component;
  push(hits, node.id, "component", title, Math.min(rankOf(title, wanted, 30), rankOf(node.component, wanted, 30)));
  for (const [property, value] of Object.entries(node.properties)) {
    const text = textIn(value, wanted);
    if (text !== null) hits.push({ node: node.id, where: "property", text: `${property}: ${text}`, property, rank: 50 + rankOf(text, wanted, 0) });
  }
  return hits.reduce<Hit | undefined>((best, hit) => (best && best.rank <= hit.rank ? best : hit), undefined);
}

function push(hits: Hit[], node: string, where: Hit["where"], text: string, rank: number): void {
  if (rank < Infinity) hits.push({ node, where, text, rank });
}

/** Equal before beginning alike, before a word of it, before anywhere. */
function rankOf(text: string, wanted: string, base: number): number {
  const lower = text.toLowerCase();
  const at = lower.indexOf(wanted);
  if (at < 0) return Infinity;
  if (at === 0) return base + (lower.length === wanted.length ? 0 : 1);
  return base + (/[^\p{L}\p{N}]/u.test(lower[at - 1] ?? "") ? 2 : 3);
}

/** The first text inside a value that has the word. */
function textIn(value: unknown, wanted: string): string | null {
  if (Array.isArray(value)) return first(value.map((each) => textIn(each, wanted)));
  if (typeof value === "object" && value !== null) {
    return first(Object.entries(value).map(([name, each]) => textIn(each, wanted) ?? (name.toLowerCase().includes(wanted) ? name : null)));
  }
  const text = String(value ?? "");
  return text.toLowerCase().includes(wanted) ? firstLine(text, wanted) : null;
}

function first(found: ReadonlyArray<string | null>): string | null {
  return found.find((text) => text !== null) ?? null;
}

function firstLine(text: string, wanted: string): string {
  return (text.split("\n").find((line) => line.toLowerCase().includes(wanted)) ?? "").trim();
}
