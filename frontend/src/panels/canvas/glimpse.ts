/** One line of a node's settings: enough to tell two filters apart without opening them. */

import type { PropertySpec } from "../../api/types";
import { plural } from "../../i18n";

const LONGEST = 80;

/** The settings that say most, the component's first properties first, defaults left out. */
export function glimpse(properties: Readonly<Record<string, unknown>>, specs: readonly PropertySpec[]): string {
  const order = [...specs.map((spec) => spec.name), ...Object.keys(properties)];
  const seen = new Set<string>();
  const parts: string[] = [];
  for (const name of order) {
    if (seen.has(name) || !(name in properties)) continue;
    seen.add(name);
    const spec = specs.find((each) => each.name === name);
    if (spec && JSON.stringify(spec.default) === JSON.stringify(properties[name])) continue;
    const shown = valueText(properties[name], spec?.kind ?? "");
    if (shown) parts.push(shown);
    if (parts.join(" · ").length > LONGEST) break;
  }
  const text = parts.join(" · ").replaceAll(/\s+/g, " ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** A value in a few words: lists by their items, mappings of columns by their names, options by their connector. */
function valueText(value: unknown, kind: string): string {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value)) return value.map((item) => valueText(item, "")).join(", ");
  if (typeof value !== "object") return String(value);
  const entries = Object.entries(value);
  if (kind === "options") return String((value as Record<string, unknown>).connector ?? entries.map(([name, each]) => `${name} ${String(each)}`).join(", "));
  return kind === "fields" ? plural(entries.length, "{count} column", "{count} columns") : entries.map(([name]) => name).join(", ");
}
