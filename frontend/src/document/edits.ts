/** Changes of a text, as data: what every command comes down to, and what makes it undoable to the letter. */

/** `text[from, to)` becomes `insert`. Offsets are UTF-16 units of the text before any edit of the list. */
export interface TextEdit {
  from: number;
  to: number;
  insert: string;
}

/** The text with all edits made. They must not overlap. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const ordered = inOrder(edits);
  let made = "";
  let at = 0;
  for (const edit of ordered) {
    if (edit.from < at || edit.to < edit.from || edit.to > text.length) {
      throw new RangeError("edits overlap or lie outside of the text");
    }
    made += text.slice(at, edit.from) + edit.insert;
    at = edit.to;
  }
  return made + text.slice(at);
}

/** The edits that lead back: `applyEdits(applyEdits(t, e), invertEdits(t, e)) === t`. */
export function invertEdits(text: string, edits: readonly TextEdit[]): TextEdit[] {
  let shift = 0;
  return inOrder(edits).map((edit) => {
    const from = edit.from + shift;
    shift += edit.insert.length - (edit.to - edit.from);
    return { from, to: from + edit.insert.length, insert: text.slice(edit.from, edit.to) };
  });
}

/** The one edit that makes `after` of `before`, without what they begin and end with alike; none if they are equal. */
export function editBetween(before: string, after: string): TextEdit[] {
  if (before === after) return [];
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  return [{ from: start, to: before.length - end, insert: after.slice(start, after.length - end) }];
}

function inOrder(edits: readonly TextEdit[]): TextEdit[] {
  return [...edits].sort((a, b) => a.from - b.from || a.to - b.to);
}
