/** What is marked in SQL: the selected node's statements, the selected property's expressions, what is wrong. */

import { type Diagnostic as Mark } from "@codemirror/lint";
import { type EditorState, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";

import type { Diagnostic } from "../../api/types";
import { said } from "../../i18n";
import { offsetAt } from "../document/codemirror";

export interface Range {
  from: number;
  to: number;
}

interface Marked {
  lines: readonly Range[];
  words: readonly Range[];
}

export const mark = StateEffect.define<Marked>();
const line = Decoration.line({ class: "cm-span" });
const word = Decoration.mark({ class: "cm-property" });

const field = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(now, transaction) {
    const effect = transaction.effects.find((each) => each.is(mark));
    return effect ? decorations(transaction.state, effect.value) : now.map(transaction.changes);
  },
  provide: (self) => EditorView.decorations.from(self),
});

export const marked = [
  field,
  EditorView.baseTheme({ ".cm-property": { backgroundColor: "var(--p-warning-soft)", borderRadius: "2px" } }),
];

function decorations(state: EditorState, { lines, words }: Marked): DecorationSet {
  const found: Array<{ from: number; to: number; decoration: Decoration }> = words
    .filter(({ from, to }) => from < to && to <= state.doc.length)
    .map(({ from, to }) => ({ from, to, decoration: word }));
  const starts = new Set<number>();
  for (const { from, to } of lines) {
    for (let at = Math.min(from, state.doc.length); at <= Math.min(to, state.doc.length); at = state.doc.lineAt(at).to + 1) starts.add(state.doc.lineAt(at).from);
  }
  found.push(...[...starts].map((from) => ({ from, to: from, decoration: line })));
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to, decoration } of found.sort((a, b) => a.from - b.from || a.to - b.to)) builder.add(from, to, decoration);
  return builder.finish();
}

/** What is wrong as the editor underlines it: from its place to the end of the word, or of the line where none stands there. */
export function problemOf(state: EditorState, diagnostic: Diagnostic): Mark {
  const from = offsetAt(state, diagnostic.line ?? 1, diagnostic.column ?? 1);
  const { to: end } = state.doc.lineAt(from);
  const found = /^(?:[\w$]+|`[^`]*`|'[^']*')/.exec(state.sliceDoc(from, end))?.[0].length ?? end - from;
  const message = [said(diagnostic.message), diagnostic.hint ? said(diagnostic.hint) : ""].filter(Boolean).join("\n");
  return { from, to: Math.max(from, Math.min(from + found, end)), severity: diagnostic.severity, message, source: diagnostic.code };
}
