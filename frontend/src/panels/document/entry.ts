/** Entries of a pipeline's log: what lies between what it said before and after, as small edits of its text and its layout. Pure. */

import { type Pipeline } from "../../document/commands";
import { lineDiff } from "../../document/diff";
import { type TextEdit, applyEdits, editBetween } from "../../document/edits";
import type { Layout, Place } from "../../document/model";

/** What an entry changes. */
export interface Changed {
  readonly edits: readonly TextEdit[];
  /** Node -> its place now; null where it has none any more. */
  readonly layout: Readonly<Record<string, Place | null>>;
}

/** Stretches shorter than this are one edit, however much in them stays. */
const SHORT = 200;

export function between(before: Pipeline, after: Pipeline): Changed {
  return { edits: editsBetween(before.text, after.text), layout: layoutBetween(before.layout, after.layout) };
}

/** Edits that make a text of another, by lines where they are far from each other; none cuts a character in two. */
export function editsBetween(before: string, after: string): TextEdit[] {
  const [whole] = editBetween(before, after);
  if (!whole) return [];
  const edit = widened(before, whole);
  if (edit.to - edit.from < SHORT && edit.insert.length < SHORT) return [edit];
  return byLines(before, after);
}

function byLines(before: string, after: string): TextEdit[] {
  const edits: TextEdit[] = [];
  let at = 0;
  let hunk: { from: number; to: number; added: string[]; removed: number } | null = null;
  const lines = lineDiff(before, after);
  const flush = () => {
    if (hunk) edits.push({ from: hunk.from, to: hunk.to, insert: hunk.added.map((line) => `${line}\n`).join("") });
    hunk = null;
  };
  for (const line of lines) {
    if (line.kind === "same") {
      flush();
      at += line.text.length + 1;
      continue;
    }
    hunk ??= { from: at, to: at, added: [], removed: 0 };
    if (line.kind === "added") hunk.added.push(line.text);
    else {
      at += line.text.length + 1;
      hunk.to = at;
    }
  }
  flush();
  return checked(before, after, edits);
}

/** The last line has no line's end: edits that reach it are one edit of the whole stretch instead. */
function checked(before: string, after: string, edits: TextEdit[]): TextEdit[] {
  if (edits.every((edit) => edit.to <= before.length) && applyEdits(before, edits) === after) return edits;
  return editBetween(before, after).map((edit) => widened(before, edit));
}

const isHigh = (unit: number) => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number) => unit >= 0xdc00 && unit < 0xe000;

/** The edit with both ends beside characters, not within one: texts count UTF-16 units, of which some characters have two. */
function widened(text: string, { from, to, insert }: TextEdit): TextEdit {
  const cutsBefore = from > 0 && isHigh(text.charCodeAt(from - 1)) && (isLow(text.charCodeAt(from)) || isLow(insert.charCodeAt(0)));
  const cutsAfter = to < text.length && isLow(text.charCodeAt(to)) && (isHigh(text.charCodeAt(to - 1)) || isHigh(insert.charCodeAt(insert.length - 1)));
  const start = cutsBefore ? from - 1 : from;
  const end = cutsAfter ? to + 1 : to;
  return { from: start, to: end, insert: text.slice(start, from) + insert + text.slice(to, end) };
}

function layoutBetween(before: Layout, after: Layout): Record<string, Place | null> {
  if (before === after) return {};
  const changed: Record<string, Place | null> = {};
  for (const [node, place] of Object.entries(after)) {
    const was = before[node];
    if (was?.length !== place.length || was.some((part, i) => part !== place[i])) changed[node] = place;
  }
  for (const node of Object.keys(before)) if (!(node in after)) changed[node] = null;
  return changed;
}

/** What a pipeline says after entries. RangeError where they are of another text. */
export function replay(pipeline: Pipeline, entries: readonly Changed[]): Pipeline {
  return entries.reduce((at, entry) => ({ text: applyEdits(at.text, entry.edits), layout: moved(at.layout, entry.layout) }), pipeline);
}

function moved(layout: Layout, changes: Changed["layout"]): Layout {
  if (!Object.keys(changes).length) return layout;
  const all = Object.entries({ ...layout, ...changes });
  return Object.fromEntries(all.filter((entry): entry is [string, Place] => entry[1] !== null));
}

export const isNothing = (changed: Changed): boolean => !changed.edits.length && !Object.keys(changed.layout).length;
