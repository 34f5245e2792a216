/** Values deep inside a document: the value that is meant, and the small edits of the text that say it. */
import { type YAMLMap, type YAMLSeq, isMap, isSeq } from "yaml";
import { type Edits, addItem, addPair, changeInside, changeNode, fillList, pairOf, removeItems, removePair, replaceItem, replaceValue } from "./splice";

/** A key of a mapping, an index of a list, or the `id` (`name`) of one of its items. */
export type Step = string | number;

/** Why a place cannot be reached. */
export class Unreachable extends Error {
  constructor(readonly path: readonly Step[]) {
    super(path.join("."));
  }
}

/** The path with items of lists by index. Unreachable where a list has no item of an id. */
export function resolved(whole: unknown, path: readonly Step[]): Step[] {
  let at = whole;
  return path.map((step, i) => {
    const index = Array.isArray(at) && typeof step === "string" ? itemAt(at, step) : step;
    if (index === -1) throw new Unreachable(path.slice(0, i + 1));
    at = typeof at === "object" && at !== null ? (at as Record<Step, unknown>)[index] : undefined;
    return index;
  });
}

function itemAt(items: readonly unknown[], id: string): number {
  return items.findIndex((item) => {
    const fields = typeof item === "object" && item !== null ? (item as { id?: unknown; name?: unknown }) : {};
    return (fields.id ?? fields.name) === id;
  });
}

/** The value with another one at a path (undefined: nothing there). What leads there is made; nothing of the given value is changed. */
export function withIn(whole: unknown, path: readonly Step[], value: unknown, done = 0): unknown {
  if (done === path.length) return value;
  const step = path[done] as Step;
  const fail = () => new Unreachable(path.slice(0, done + 1));
  if (whole === undefined || whole === null) return value === undefined ? whole : nested(path.slice(done), value, fail);
  if (typeof step === "number") {
    if (!Array.isArray(whole) || step < 0 || step > whole.length) throw fail();
    if (step === whole.length && value === undefined) throw fail();
    const made = withIn(whole[step], path, value, done + 1);
    return made === undefined ? whole.toSpliced(step, 1) : step === whole.length ? [...whole, made] : whole.with(step, made);
  }
  if (typeof whole !== "object" || Array.isArray(whole)) throw fail();
  const fields = whole as Record<string, unknown>;
  const made = withIn(fields[step], path, value, done + 1);
  if (made !== undefined) return { ...fields, [step]: made };
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== step));
}

function nested(path: readonly Step[], value: unknown, fail: () => Error): unknown {
  return path.reduceRight<unknown>((inner, step) => {
    if (typeof step === "string") return { [step]: inner };
    if (step !== 0) throw fail();
    return [inner];
  }, value);
}

/** The edits that set a value; null where the text is written in a way they do not handle. */
export function editsInside(text: string, node: unknown, path: readonly Step[], value: unknown): Edits {
  const [step, ...rest] = path;
  if (isMap(node) && typeof step === "string") return inMap(text, node as YAMLMap, step, rest, value);
  if (isSeq(node) && typeof step === "number") return inList(text, node as YAMLSeq, step, rest, value);
  return null;
}

function inMap(text: string, map: YAMLMap, key: string, rest: readonly Step[], value: unknown): Edits {
  const pair = pairOf(map, key);
  const child = pair?.value;
  if (!rest.length) {
    if (value === undefined) return pair ? removePair(text, map, key) : [];
    return pair ? changeInside(text, map, key, value) : addPair(text, map, key, value);
  }
  if ((isMap(child) || isSeq(child)) && child.items.length) {
    const last = value === undefined && rest.length === 1 && child.items.length === 1;
    return last && isMap(child) ? replaceValue(text, map, key, {}) : editsInside(text, child, rest, value);
  }
  if (value === undefined) return [];
  const made = nested(rest, value, () => new Unreachable(rest));
  if (Array.isArray(made) && map.range?.[0] !== undefined && !map.flow && isTop(text, map)) return fillList(text, map, key, made);
  return pair ? replaceValue(text, map, key, made) : addPair(text, map, key, made);
}

function inList(text: string, seq: YAMLSeq, index: number, rest: readonly Step[], value: unknown): Edits {
  if (rest.length) return index < seq.items.length ? editsInside(text, seq.items[index], rest, value) : null;
  if (value === undefined) return removeItems(text, seq, [index]);
  if (index === seq.items.length) return addItem(text, seq, value);
  return changeNode(text, seq.items[index], value) ?? replaceItem(text, seq, index, value);
}

/** Whether a mapping's keys start their lines. */
function isTop(text: string, map: YAMLMap): boolean {
  const start = map.range?.[0] ?? 0;
  return start === 0 || text[start - 1] === "\n";
}
