/** A document printed anew by the YAML library, comments included, for texts that small edits cannot change. */
import { type Document, type Pair, type Scalar, type YAMLMap, type YAMLSeq, isAlias, isMap, isScalar, isSeq, visit } from "yaml";
import { type Parsed, parseYaml, printYaml } from "./yaml";
import type { Value } from "./meaning";
import { same } from "./splice";

/** A text that says what is meant and keeps as much of the old one as can be; `says` judges a text. */
export function printed(text: string, meant: Value, says: (text: string) => boolean): string {
  for (const prepare of [(parsed: Parsed) => parsed, unshared]) {
    const parsed = prepare(parseYaml(text));
    if (!isMap(parsed.contents)) continue;
    syncMap(parsed, parsed.contents as unknown as YAMLMap, meant);
    const made = textOf(parsed);
    if (made !== null && says(made)) return made;
  }
  return `${printYaml(meant)}\n`;
}

/** null where an alias has lost its anchor. */
function textOf(parsed: Parsed): string | null {
  try {
    return String(parsed);
  } catch {
    return null;
  }
}

/** Anchors and aliases written out, so that a change of one place is no change of another. */
function unshared(parsed: Parsed): Parsed {
  const document = parsed as unknown as Document;
  visit(document, {
    Alias(_, alias) {
      return alias.resolve(document)?.clone() as Scalar | undefined;
    },
  });
  visit(document, { Node: (_, node) => { if (!isAlias(node)) Reflect.deleteProperty(node, "anchor"); } });
  return parsed;
}

function sync(document: Parsed, node: unknown, value: unknown): boolean {
  if (isMap(node) && typeof value === "object" && value !== null && !Array.isArray(value)) syncMap(document, node as YAMLMap, value as Value);
  else if (isSeq(node) && Array.isArray(value)) syncList(document, node as YAMLSeq, value);
  else return false;
  return true;
}

function syncMap(document: Parsed, map: YAMLMap, value: Value): void {
  const before = map.toJS(document as unknown as Document) as Record<string, unknown>;
  const keyOf = (pair: Pair) => (isScalar(pair.key) ? String(pair.key.value) : String(pair.key));
  for (const [key, wanted] of Object.entries(value)) {
    if (key in before && same(before[key], wanted)) continue;
    if (!sync(document, map.get(key, true), wanted)) map.set(key, document.createNode(wanted, { aliasDuplicateObjects: false }));
  }
  const order = Object.keys(value);
  map.items = map.items.filter((pair) => keyOf(pair) in value).sort((a, b) => order.indexOf(keyOf(a)) - order.indexOf(keyOf(b)));
}

function syncList(document: Parsed, seq: YAMLSeq, value: readonly unknown[]): void {
  const before = seq.toJS(document as unknown as Document) as unknown[];
  const shorter = Math.min(before.length, value.length);
  let end = 0;
  while (end < shorter && same(before.at(-1 - end), value.at(-1 - end))) end++;
  const tail = seq.items.slice(seq.items.length - end);
  const items = value.slice(0, value.length - end).map((wanted, i) => {
    const old = i < seq.items.length - end ? seq.items[i] : undefined;
    return old !== undefined && (same(before[i], wanted) || sync(document, old, wanted)) ? old : document.createNode(wanted, { aliasDuplicateObjects: false });
  });
  seq.items = [...items, ...tail];
}
