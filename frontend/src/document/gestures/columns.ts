/** What properties say of columns: which they read, which they name first, and the same under other names. */
import type { ModelNode } from "../model";
import { columnsIn, columnsInQuery, renameColumns, renameInQuery } from "../sql";
import { record } from "../parts";
import type { ComponentView, PropertyKind } from "./ports";

export type Names = ReadonlyMap<string, string>;

const VALUES = new Set(["column", "time", "columns", "expression", "column_lists", "number_lists", "expressions"]);

/** The names that a node's properties read of an input; of a source ("" as the input) of its own columns. */
export function reads(node: ModelNode, view: ComponentView, port: string): string[] {
  const found = new Set<string>();
  for (const spec of propertiesAt(view, port)) {
    visit(node.properties[spec.name] ?? spec.default, spec.kind, (name) => {
      found.add(name);
      return name;
    }, (sql) => {
      for (const name of spec.kind === "query" ? columnsInQuery(sql) : columnsIn(sql)) found.add(name);
      return sql;
    });
  }
  return [...found];
}

/** The node with what it reads of an input under other names. `tables`: those of each table, for queries. */
export function reading(node: ModelNode, view: ComponentView, port: string, names: Names, tables?: ReadonlyMap<string, Names>): ModelNode {
  let properties = node.properties;
  for (const spec of propertiesAt(view, port)) {
    const value = properties[spec.name] ?? spec.default;
    const made = visit(value, spec.kind, (name) => names.get(name) ?? name, (sql) =>
      (spec.kind === "query" ? renameInQuery(sql, (column, table) => (table !== null && tables ? tables.get(table) : names)?.get(column)) : renameColumns(sql, names)));
    if (JSON.stringify(made) !== JSON.stringify(value)) properties = { ...properties, [spec.name]: made };
  }
  return properties === node.properties ? node : { ...node, properties };
}

/** The columns that a node names itself: computed ones, those of a source, labels and predictions. */
export function defines(node: ModelNode, view: ComponentView): string[] {
  return view.properties.flatMap(({ name, kind, default: standard }) => {
    const value = node.properties[name] ?? standard;
    if (kind === "expressions" || kind === "fields") return Object.keys(record(value));
    if (kind === "query") return typeof value === "string" ? aliasesIn(value) : [];
    return kind === "text" && typeof value === "string" && view.gives === "rows" ? [value] : [];
  });
}

/** The node with columns that it names itself under other names. */
export function defining(node: ModelNode, view: ComponentView, from: string, to: string): ModelNode {
  const properties = { ...node.properties };
  for (const { name, kind, default: standard } of view.properties) {
    const value = properties[name] ?? standard;
    if ((kind === "expressions" || kind === "fields") && from in record(value)) properties[name] = renamedKeys(record(value), new Map([[from, to]]));
    else if (kind === "text" && value === from) properties[name] = to;
    else if (kind === "query" && typeof value === "string") properties[name] = renameAliases(value, from, to);
  }
  return { ...node, properties };
}

function propertiesAt(view: ComponentView, port: string): PropertyKind[] {
  return view.properties.filter((spec) => (spec.kind === "query" && port !== "") || (VALUES.has(spec.kind) && (spec.port ?? "") === port));
}

function visit(value: unknown, kind: string, name: (name: string) => string, sql: (sql: string) => string): unknown {
  const deep = (each: unknown, change: (text: string) => string): unknown => (typeof each === "string" ? change(each) : each);
  switch (kind) {
    case "column":
    case "time":
      return deep(value, name);
    case "columns":
      return Array.isArray(value) ? value.map((each) => deep(each, name)) : deep(value, name);
    case "expression":
    case "query":
      return deep(value, sql);
    case "expressions":
      return mapped(value, (each) => deep(each, sql));
    case "column_lists":
      return mapped(value, (each) => (Array.isArray(each) ? each.map((one) => deep(one, name)) : each));
    case "number_lists":
      return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, each]) => [name(key), each])) : value;
    default:
      return value;
  }
}

function mapped(value: unknown, change: (each: unknown) => unknown): unknown {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, change(each)])) : value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A mapping with keys under other names, in its order. */
export function renamedKeys<T>(fields: Readonly<Record<string, T>>, names: Names): Record<string, T> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [names.get(key) ?? key, value]));
}

const ALIAS = /\bAS\s+(`[^`]*`|[A-Za-z_]\w*)(?=\s*(?:,|\bFROM\b|$))/gi;

function aliasesIn(query: string): string[] {
  return [...query.matchAll(ALIAS)].map(([, name = ""]) => name.replaceAll("`", ""));
}

function renameAliases(query: string, from: string, to: string): string {
  return query.replaceAll(ALIAS, (all, name: string) => (name.replaceAll("`", "") === from ? all.slice(0, all.length - name.length) + to : all));
}
