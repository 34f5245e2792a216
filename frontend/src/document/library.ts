/** Components between a document and the library of its project: what is taken along, and what a copy changes. Pure. */

import type { Command } from "./commands";
import { record } from "./parts";
import { parseYaml } from "./yaml";
import { valueOf } from "./model";

export interface Kept {
  name: string;
  version: number;
  /** The definition under its name, and those of the components inside it. */
  components: Readonly<Record<string, unknown>>;
}

/** The definitions that the document has, by name. */
function definitions(text: string): Record<string, Record<string, unknown>> {
  return record(valueOf(parseYaml(text)).components) as Record<string, Record<string, unknown>>;
}

/** A component of a document with those inside it, as the library takes it; null where there is none. */
export function taken(text: string, name: string): Record<string, unknown> | null {
  const all = definitions(text);
  const found: Record<string, unknown> = {};
  const waiting = [name];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const definition = all[next];
    if (!definition || next in found) continue;
    found[next] = definition;
    const nodes = Array.isArray(definition.nodes) ? definition.nodes : [];
    waiting.push(...nodes.flatMap((node) => { const { component } = record(node); return typeof component === "string" ? [component] : []; }));
  }
  return name in found ? found : null;
}

/** What the document's copy says; its version where it was copied from the library. */
export function copyIn(text: string, name: string): { version: number | null } | null {
  const definition = definitions(text)[name];
  if (!definition) return null;
  return { version: typeof definition.version === "number" ? definition.version : null };
}

/** Components of the library that the document has in an older version. */
export function outdated<K extends Kept>(text: string, library: readonly K[]): K[] {
  return library.filter(({ name, version }) => {
    const copy = copyIn(text, name);
    return copy?.version != null && copy.version < version;
  });
}

/**
 * The command that puts a component into the document, or its newer version in the place of the older one; null where it has it already.
 * `clashing`: components of those names that the document has otherwise, and that would be replaced.
 */
export function copying(text: string, kept: Kept): { command: Command | null; clashing: string[] } {
  const whole = valueOf(parseYaml(text));
  const all = definitions(text);
  const wanted = Object.entries(kept.components).map(([name, definition]) =>
    [name, name === kept.name ? { ...record(definition), version: kept.version } : definition] as const);
  const missing = wanted.filter(([name, definition]) => !same(all[name], definition));
  const clashing = missing.map(([name]) => name).filter((name) => name in all && !(name === kept.name && copyIn(text, name)?.version != null));
  if (!missing.length) return { command: null, clashing };
  if (!whole.components) return { command: { kind: "set_in", path: ["components"], value: Object.fromEntries(missing) }, clashing };
  return { command: { kind: "all", commands: missing.map(([name, value]): Command => ({ kind: "set_in", path: ["components", name], value })) }, clashing };
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, inner]) => [name, sorted(inner)]));
}
