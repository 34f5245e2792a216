/** The columns that come in at a node: what pickers offer, and what expressions are written over. */

import { useMemo } from "react";

import type { ColumnInfo, NodeSchema, PropertySpec } from "../../api/types";
import { tableName } from "../../document/inside";
import type { Model, ModelNode } from "../../document/model";
import { type Catalogue, portOf, useKnown } from "../canvas/catalogue";
import { type EditorState, useEditor } from "../document/editor";

export interface InputColumn extends ColumnInfo {
  key: boolean;
}

/** What each node gives, as far as the compiler knows: of the text as it stands, else of the last one that was right. */
export function schemasOf(state: EditorState): Readonly<Record<string, NodeSchema>> {
  const now = state.compiled?.nodes ?? NONE;
  const before = state.good?.nodes ?? NONE;
  return now === before ? now : merged(now, before);
}

const NONE: Readonly<Record<string, NodeSchema>> = {}; // one object: a new one each time would be drawn anew for ever
const kept = new WeakMap<object, Map<object, Readonly<Record<string, NodeSchema>>>>();

function merged(now: Readonly<Record<string, NodeSchema>>, before: Readonly<Record<string, NodeSchema>>): Readonly<Record<string, NodeSchema>> {
  const found = kept.get(now)?.get(before);
  if (found) return found;
  const made = { ...before, ...now };
  kept.set(now, new Map([[before, made]]));
  return made;
}

/** The nodes whose output comes in at a port of a node; "" = at any. */
export function sourcesAt(model: Model, catalogue: Catalogue, node: string, port: string): string[] {
  const component = (id: string) => catalogue.get(model.nodes.find((each) => each.id === id)?.component ?? "");
  return model.edges.filter((edge) => edge.to === node && (!port || portOf(edge, component(node), component(edge.from)) === port)).map((edge) => edge.from);
}

/** The columns that a property may name: those at its port, or of a source those that it declares itself. */
export function columnsAt(model: Model, catalogue: Catalogue, schemas: Readonly<Record<string, NodeSchema>>, node: ModelNode, port: string | null): InputColumn[] {
  if (!port) return declared(node, catalogue);
  const [source] = sourcesAt(model, catalogue, node.id, port);
  const schema = source === undefined ? undefined : schemas[source];
  const relation = catalogue.get(node.component)?.inputs.find((each) => each.name === port)?.relation;
  const columns = (schema?.columns ?? []).flatMap((column) => (relation === "dimension" ? inside(column) : [column]));
  return columns.map((column) => ({ ...column, key: schema?.key?.includes(column.name) ?? false }));
}

/** A dimension keeps its columns in families: ROW<city STRING, age INT>. They are named as if they stood beside its key. */
function inside(column: ColumnInfo): ColumnInfo[] {
  const row = /^ROW<(.*)>( NOT NULL)?$/s.exec(column.type);
  if (!row) return [column];
  return split(row[1] ?? "").flatMap((part) => {
    const field = /^(`[^`]*`|\S+) (.*)$/s.exec(part.trim());
    return field ? [{ name: (field[1] ?? "").replaceAll("`", ""), type: field[2] ?? "", time: null }] : [];
  });
}

/** Parts between commas that are in no brackets. */
function split(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const each = text[i];
    if (each === "<" || each === "(") depth++;
    else if (each === ">" || each === ")") depth--;
    else if (each === "," && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  return [...parts, text.slice(from)].filter((part) => part.trim());
}

function declared(node: ModelNode, catalogue: Catalogue): InputColumn[] {
  const specs = (catalogue.get(node.component)?.properties ?? []).filter((spec) => spec.kind === "fields" || spec.kind === "expressions");
  return specs.flatMap((spec) => {
    const value = node.properties[spec.name];
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
    return Object.entries(value).map(([name, type]) => ({ name, type: spec.kind === "fields" ? String(type) : "", time: null, key: false }));
  });
}

/** The columns that a property of a node may name. */
export function useIncoming(node: ModelNode, spec: PropertySpec): readonly InputColumn[] {
  const model = useEditor((state) => state.model);
  const schemas = useEditor(schemasOf);
  const catalogue = useKnown();
  return useMemo(() => columnsAt(model, catalogue, schemas, node, spec.port), [model, catalogue, schemas, node, spec.port]);
}

/** The tables that a query may name, with their columns. */
export function useTables(node: ModelNode): Readonly<Record<string, readonly ColumnInfo[]>> {
  const model = useEditor((state) => state.model);
  const schemas = useEditor(schemasOf);
  const catalogue = useKnown();
  return useMemo(() => {
    const sources = sourcesAt(model, catalogue, node.id, "");
    return Object.fromEntries(sources.map((source) => [tableName(source), schemas[source]?.columns ?? []]));
  }, [model, catalogue, schemas, node.id]);
}

/** Values of `${name}` as far as they are known: the parameters' defaults. */
export function useParameters(): Readonly<Record<string, string>> {
  const parameters = useEditor((state) => state.model.parameters);
  return useMemo(() => Object.fromEntries(parameters.map((each) => [each.name, each.default ?? ""])), [parameters]);
}
