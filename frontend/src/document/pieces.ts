/**
 * A document's text in pieces that can be read each by itself: the sections of its top level, and of `nodes` and `edges` each item.
 *
 * A change within one piece then costs what that piece costs, however long the text is. What cannot be cut for sure (JSON, flow
 * style at the top, anchors, broken texts) is not cut: the caller reads it as a whole.
 */
import { isMap } from "yaml";
import { parseYaml } from "./yaml";

export interface Piece {
  /** The section's key. */
  section: string;
  /** Its place in the section's list; -1: the section's head, or all of it where it is not cut. */
  item: number;
  from: number;
  to: number;
}

export interface Source {
  text: string;
  pieces: readonly Piece[];
  /** What the document says; objects of unchanged pieces are the same ones as before. */
  value: Readonly<Record<string, unknown>>;
}

const LISTS = new Set(["nodes", "edges"]);
const KEY = /^([A-Za-z_]\w*):(?=[ \r]|$)/;
const SHARED = /(?:^|[\s[{,:-])[&*][^\s,[\]{}]/; // an anchor or an alias, perhaps

/** What pieces say, by section and text: those of the last text and the one before. */
let now = new Map<string, unknown>();
let earlier = now;

const REMEMBERED = 3;
let recent: Array<{ text: string; source: Source | null }> = [];

/** The text cut and read; null where it cannot be cut, or is not right. */
export function cut(text: string): Source | null {
  const known = recent.find((each) => each.text === text);
  const source = known ? known.source : newlyCut(text);
  recent = [{ text, source }, ...recent.filter((each) => each !== known)].slice(0, REMEMBERED);
  return source;
}

function newlyCut(text: string): Source | null {
  const pieces = piecesOf(text);
  if (!pieces) return null;
  const value = valuesOf(text, pieces);
  return value && { text, pieces, value };
}

/** The pieces of a text, in order; what stands before the first key is in none. */
function piecesOf(text: string): Piece[] | null {
  const pieces: Piece[] = [];
  const seen = new Set<string>();
  let dash = -1; // where items of the section's list begin; -1: not known yet, -2: it is no list to be cut
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf("\n", at);
    const next = newline < 0 ? text.length : newline + 1;
    const column = indentOf(text, at, next);
    const last = pieces.at(-1);
    if (column < 0) { /* blank, or a comment: part of what stands before it */ }
    else if (column === 0 && text[at] !== "-") {
      const line = text.slice(at, next).trimEnd();
      const key = KEY.exec(line)?.[1];
      if (!key || seen.has(key)) return null;
      seen.add(key);
      if (last) last.to = at;
      pieces.push({ section: key, item: -1, from: at, to: next });
      dash = LISTS.has(key) && /^\s*(?:#.*)?$/.test(line.slice(key.length + 1)) ? -1 : -2;
    } else {
      if (!last || text.startsWith("---", at)) return null;
      const begins = text[at + column] === "-" && /\s/.test(text[at + column + 1] ?? "\n");
      if (dash === -1 && !begins) return null;
      if (dash === -1) dash = column;
      if (dash >= 0 && (column < dash || (column === dash && !begins))) return null;
      if (column === dash) {
        last.to = at;
        pieces.push({ section: last.section, item: last.item + 1, from: at, to: next });
      } else if (dash === -2 && column === 0) return null;
    }
    at = next;
    const end = pieces.at(-1);
    if (end) end.to = at;
  }
  return pieces.length ? pieces : null;
}

/** How far a line is indented; -1 where it is blank or a comment, 0 for what is no key at its beginning. */
function indentOf(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && text[at] === " ") at++;
  const first = text[at];
  if (at >= to || first === "\n" || first === "\r" || first === "#") return -1;
  return first === "\t" ? 0 : at - from;
}

function valuesOf(text: string, pieces: readonly Piece[]): Record<string, unknown> | null {
  const told = pieces.filter((piece, i) => piece.item >= 0 || pieces[i + 1]?.section !== piece.section);
  const kept = new Map<string, unknown>();
  const missing = new Map<string, string[]>(); // what a key of the cache begins with -> texts
  for (const piece of told) {
    const own = text.slice(piece.from, piece.to);
    const kind = kindOf(piece);
    const known = now.has(kind + own) ? now : earlier.has(kind + own) ? earlier : null;
    if (known) kept.set(kind + own, known.get(kind + own));
    else if (!missing.get(kind)?.push(own)) missing.set(kind, [own]);
  }
  for (const [kind, texts] of missing) {
    const values = read(kind.slice(0, -1), texts, kind.endsWith("-"));
    if (!values) return null;
    texts.forEach((each, i) => kept.set(kind + each, values[i]));
  }
  if (missing.size) [earlier, now] = [now, kept];
  return assembled(text, told, kept);
}

function kindOf(piece: Piece): string {
  return piece.section + (piece.item < 0 ? ":" : "-");
}

/** The values of pieces of a section, read together; null where they cannot be. */
function read(section: string, texts: readonly string[], isList: boolean): unknown[] | null {
  if (texts.some((each) => SHARED.test(each))) return null;
  const parsed = parseYaml(isList ? `${section}:\n${texts.join("")}` : texts.join(""));
  if (parsed.errors.length || !isMap(parsed.contents) || parsed.contents.items.length !== 1) return null;
  const value = (parsed.toJS() as Record<string, unknown>)[section];
  if (value === undefined) return null;
  if (!isList) return [value];
  return Array.isArray(value) && value.length === texts.length ? value : null;
}

function assembled(text: string, pieces: readonly Piece[], values: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const piece of pieces) {
    const value = values.get(kindOf(piece) + text.slice(piece.from, piece.to));
    if (piece.item < 0) made[piece.section] = value;
    else if (piece.item === 0) made[piece.section] = [value];
    else (made[piece.section] as unknown[]).push(value);
  }
  return made;
}
