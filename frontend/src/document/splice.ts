/**
 * Small changes inside a YAML text that leave every other letter alone: comments, order, quotes, line breaks.
 *
 * Each function returns the edits, or null where the text is written in a way it does not handle; the caller then has the
 * whole document printed anew.
 */
import { type Pair, type YAMLMap, type YAMLSeq, isCollection, isMap, isScalar, isSeq } from "yaml";
import type { TextEdit } from "./edits";
import { inOneLine, isPlain, printYaml } from "./yaml";

export type Edits = TextEdit[] | null;

const WIDTH = 100;

/** A collection's pair by its key. */
export function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

/** Gives a pair that exists another value. */
export function replaceValue(text: string, map: YAMLMap, key: string, value: unknown): Edits {
  const pair = pairOf(map, key);
  const [from, to] = valueRange(pair) ?? [-1, -1];
  const start = keyStart(pair);
  if (from < 0 || start === null) return null;
  if (map.flow) return [{ from, to, insert: inFlow(value, isJson(text)) }];
  const old = pair?.value;
  const flow = isCollection(old) ? Boolean(old.flow) : fits(value);
  const printed = indented(printYaml({ [key]: shaped(value, flow) }), column(text, start));
  const end = text[to - 1] === "\n" && to > from ? to - 1 : to; // a block text ends behind its line
  return [{ from: start, to: end, insert: printed }];
}

/** Gives a pair another value by changing only what differs inside, so that comments there stay. */
export function changeInside(text: string, map: YAMLMap, key: string, value: unknown): Edits {
  return changeNode(text, pairOf(map, key)?.value, value) ?? replaceValue(text, map, key, value);
}

/** Makes a collection another one by changing only what differs; null where it must be written anew. */
export function changeNode(text: string, old: unknown, value: unknown): Edits {
  if (isMap(old) && isRecord(value)) return changeMap(text, old as YAMLMap, value);
  if (isSeq(old) && Array.isArray(value)) return changeList(text, old as YAMLSeq, value);
  return null;
}

function changeMap(text: string, old: YAMLMap, value: Record<string, unknown>): Edits {
  const edits: TextEdit[] = [];
  const before = old.toJSON() as Record<string, unknown>;
  for (const name of new Set([...Object.keys(before), ...Object.keys(value)])) {
    if (name in before && name in value && same(before[name], value[name])) continue;
    const made = !(name in value) ? removePair(text, old, name)
      : name in before ? changeInside(text, old, name, value[name]) : addPair(text, old, name, value[name]);
    if (!made) return null;
    edits.push(...made);
  }
  return edits;
}

/** What both begin and end with stays; between, items change, go, or come at the end. */
function changeList(text: string, old: YAMLSeq, value: readonly unknown[]): Edits {
  const before = old.toJSON() as unknown[];
  if (!before.length || !value.length) return null;
  const shorter = Math.min(before.length, value.length);
  let start = 0;
  while (start < shorter && same(before[start], value[start])) start++;
  let end = 0;
  while (end < shorter - start && same(before.at(-1 - end), value.at(-1 - end))) end++;
  const [was, is] = [before.length - end, value.length - end];
  const edits: Edits[] = [];
  for (let i = start; i < Math.min(was, is); i++) edits.push(changeNode(text, old.items[i], value[i]) ?? replaceItem(text, old, i, value[i]));
  if (was > is) edits.push(removeItems(text, old, Array.from({ length: was - is }, (_, i) => is + i)));
  else if (is > was && end) return null;
  else for (let i = was; i < is; i++) edits.push(addItem(text, old, value[i]));
  return edits.every((made) => made !== null) ? edits.flat() : null;
}

/** Adds a pair, behind the pair `after` where that exists, else at the end. */
export function addPair(text: string, map: YAMLMap, key: string, value: unknown, after = ""): Edits {
  const last = pairOf(map, after) ?? map.items.at(-1);
  if (map.flow) return addInFlow(text, map, last, `${flowKey(text, key)}: ${inFlow(value, isJson(text))}`);
  const first = keyStart(map.items[0]);
  const end = last ? pairEnd(last) : null;
  if (first === null || end === null) return null;
  const indent = column(text, first);
  return [insertLine(text, end, indented(printYaml({ [key]: shaped(value, fits(value)) }), indent), indent)];
}

/** Takes a pair away, with the comment behind it on its line. */
export function removePair(text: string, map: YAMLMap, key: string): Edits {
  const index = map.items.findIndex((pair) => isScalar(pair.key) && pair.key.value === key);
  const pair = map.items[index];
  const from = keyStart(pair);
  const to = pair ? pairEnd(pair) : null;
  if (from === null || to === null) return null;
  if (map.flow) return [withoutComma(text, from, to, keyStart(map.items[index + 1]), index ? pairEnd(map.items[index - 1] as Pair) : null)];
  if (map.items.length === 1 || text.slice(lineStart(text, from), from).trim()) return null;
  return [{ from: lineStart(text, from), to: lineEnd(text, to), insert: "" }];
}

/** Makes an empty or missing list one with items, a line each. */
export function fillList(text: string, map: YAMLMap, key: string, items: readonly unknown[]): Edits {
  const start = keyStart(pairOf(map, key));
  if (map.flow) return start === null ? addPair(text, map, key, items) : replaceValue(text, map, key, items);
  const printed = printYaml({ [key]: items.map((item) => shaped(item, fits(item))) });
  if (start !== null) return [{ from: start, to: pairEnd(pairOf(map, key) as Pair) ?? start, insert: printed }];
  const last = map.items.at(-1);
  const end = last ? pairEnd(last) : null;
  return end === null ? null : [insertLine(text, end, printed, 0)];
}

/** Adds an item at the end of a list, in the style of those it has. */
export function addItem(text: string, seq: YAMLSeq, value: unknown): Edits {
  const last = seq.items.at(-1);
  const range = rangeOf(last);
  if (seq.flow) return addInFlow(text, seq, last, inFlow(value, isJson(text)));
  if (!range) return null;
  const dash = text.lastIndexOf("-", range[0]);
  if (dash < 0 || text.slice(dash + 1, range[0]).trim()) return null;
  const indent = column(text, dash);
  const flow = isCollection(last) ? Boolean(last.flow) : true;
  return [insertLine(text, range[1], indented(printYaml([shaped(value, flow)]), indent), indent)];
}

/** Gives an item of a list another value. */
export function replaceItem(text: string, seq: YAMLSeq, index: number, value: unknown): Edits {
  const item = seq.items[index];
  const range = rangeOf(item);
  if (!range) return null;
  if (seq.flow) return [{ from: range[0], to: range[1], insert: inFlow(value, isJson(text)) }];
  const dash = text.lastIndexOf("-", range[0]);
  if (dash < 0 || text.slice(dash + 1, range[0]).trim()) return null;
  const flow = isCollection(item) ? Boolean(item.flow) : fits(value);
  const end = text[range[1] - 1] === "\n" && range[1] > range[0] ? range[1] - 1 : range[1];
  return [{ from: dash, to: end, insert: indented(printYaml([shaped(value, flow)]), column(text, dash)) }];
}

/** Takes items out of a list. */
export function removeItems(text: string, seq: YAMLSeq, indices: readonly number[]): Edits {
  const range = rangeOf(seq);
  if (!range) return null;
  if (!indices.length) return [];
  if (indices.length >= seq.items.length) {
    const tail = text[range[1] - 1] === "\n" ? range[1] - 1 : range[1];
    return seq.flow ? [{ from: range[0], to: range[1], insert: "[]" }] : [{ from: range[0], to: tail, insert: "[]" }];
  }
  const edits = indices.map((index) => (seq.flow ? flowItem(text, seq, index, indices) : blockItem(text, seq, index)));
  return edits.every((edit) => edit !== null) ? edits : null;
}

function flowItem(text: string, seq: YAMLSeq, index: number, all: readonly number[]): TextEdit | null {
  const range = rangeOf(seq.items[index]);
  const kept = seq.items.map((_, i) => i).filter((i) => !all.includes(i));
  const before = kept.filter((i) => i < index).at(-1);
  const end = before === undefined ? null : (rangeOf(seq.items[index - 1])?.[1] ?? null);
  return range ? withoutComma(text, range[0], range[1], rangeOf(seq.items[index + 1])?.[0] ?? null, end) : null;
}

function blockItem(text: string, seq: YAMLSeq, index: number): TextEdit | null {
  const range = rangeOf(seq.items[index]);
  if (!range) return null;
  const dash = text.lastIndexOf("-", range[0]);
  const start = lineStart(text, dash);
  return text.slice(start, range[0]).trim() === "-" ? { from: start, to: lineEnd(text, range[1]), insert: "" } : null;
}

/** Removes [from, to) of a list in one line together with one of the commas beside it. */
function withoutComma(text: string, from: number, to: number, next: number | null, before: number | null): TextEdit {
  if (before !== null) return { from: before, to, insert: "" };
  if (next !== null) return { from, to: next, insert: "" };
  return { from, to: text[to] === "," ? to + 1 : to, insert: "" };
}

function addInFlow(text: string, within: YAMLMap | YAMLSeq, last: unknown, printed: string): Edits {
  const range = rangeOf(within);
  const end = isPairLike(last) ? pairEnd(last) : (rangeOf(last)?.[1] ?? null);
  if (end !== null) return [{ from: end, to: end, insert: `, ${printed}` }];
  if (!range || !"{[".includes(text[range[0]] ?? "")) return null;
  return [{ from: range[0] + 1, to: range[0] + 1, insert: printed }];
}

/** A line of its own behind what ends at `end`, and behind the comment on its line. */
function insertLine(text: string, end: number, printed: string, indent: number): TextEdit {
  if (end > 0 && text[end - 1] === "\n") return { from: end, to: end, insert: `${" ".repeat(indent)}${printed}\n` };
  const line = text.indexOf("\n", end);
  const at = line < 0 ? text.length : line;
  return { from: at, to: at, insert: `\n${" ".repeat(indent)}${printed}` };
}

function isPairLike(value: unknown): value is Pair {
  return typeof value === "object" && value !== null && "key" in value;
}

function rangeOf(node: unknown): [number, number] | null {
  const range = (node as { range?: [number, number, number] } | null | undefined)?.range;
  return range ? [range[0], range[1]] : null;
}

function valueRange(pair: Pair | undefined): [number, number] | null {
  return rangeOf(pair?.value);
}

function keyStart(pair: unknown): number | null {
  return isPairLike(pair) && isScalar(pair.key) ? (rangeOf(pair.key)?.[0] ?? null) : null;
}

function pairEnd(pair: Pair): number | null {
  const key = rangeOf(pair.key)?.[1] ?? null;
  return valueRange(pair)?.[1] ?? key;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

function lineEnd(text: string, at: number): number {
  if (at > 0 && text[at - 1] === "\n") return at;
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}

function column(text: string, at: number): number {
  return at - lineStart(text, at);
}

function indented(printed: string, by: number): string {
  return printed.replace(/\n(?=[^\n])/g, `\n${" ".repeat(by)}`);
}

function inFlow(value: unknown, json: boolean): string {
  return json ? JSON.stringify(value) : printYaml(inOneLine([value])).slice(1, -1);
}

function flowKey(text: string, key: string): string {
  return !isJson(text) && isPlain(key) ? key : JSON.stringify(key);
}

/** JSON is YAML too; who wrote JSON gets JSON. */
function isJson(text: string): boolean {
  return /^\s*\{\s*"/.test(text);
}

function fits(value: unknown): boolean {
  const printed = printYaml(inOneLine([value]));
  return printed.length <= WIDTH && !printed.includes("\n");
}

/** The value for one line, or for several: then what is inside stands in one line where it fits. */
function shaped(value: unknown, flow: boolean): unknown {
  if (flow) return inOneLine(value);
  if (Array.isArray(value)) return value.map(inside);
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inside(each)])) : value;
}

function inside(value: unknown): unknown {
  return typeof value === "object" && value !== null ? shaped(value, fits(value)) : value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether two values are written alike: the order of keys counts, since columns have one. */
export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
