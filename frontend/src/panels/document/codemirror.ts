/** What all editors of code share: look, keys of their own, and a React hook that owns a view. */

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { type RefCallback, useCallback, useState } from "react";

const look = EditorView.theme({
  "&": { height: "100%", fontSize: "12px", backgroundColor: "var(--p-surface)", color: "var(--p-text)" },
  "&.cm-focused": { outline: "2px solid var(--p-focus)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", fontVariantLigatures: "none", lineHeight: "1.5" },
  ".cm-gutters": { backgroundColor: "var(--p-sunken)", color: "var(--p-muted)", border: "0" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--p-hover) 60%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--p-text)" },
  ".cm-cursor": { borderLeftColor: "var(--p-text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--p-accent-soft)" },
  ".cm-line.cm-span": { backgroundColor: "var(--p-accent-soft)", boxShadow: "inset 2px 0 0 var(--p-accent)" },
  ".cm-panels": { backgroundColor: "var(--p-raised)", color: "var(--p-text)", borderColor: "var(--p-line)" },
  ".cm-textfield": { backgroundColor: "var(--p-surface)", border: "1px solid var(--p-line-strong)", borderRadius: "4px" },
  ".cm-button": { backgroundImage: "none", backgroundColor: "var(--p-hover)", border: "1px solid var(--p-line-strong)", borderRadius: "4px" },
  ".cm-panel.cm-search": { padding: "6px 28px 6px 8px", fontFamily: "var(--mantine-font-family)" },
  ".cm-panel.cm-search label": { display: "inline-flex", alignItems: "center", gap: "4px", fontSize: "11px" },
  ".cm-panel.cm-search input[type=checkbox]": { margin: "0" },
  ".cm-panel.cm-search [name=close]": { top: "6px", right: "8px", fontSize: "16px", color: "var(--p-muted)", cursor: "pointer" },
  ".cm-searchMatch": { backgroundColor: "var(--p-warning-soft)" },
  ".cm-tooltip": { backgroundColor: "var(--p-raised)", border: "1px solid var(--p-line-strong)", borderRadius: "4px", color: "var(--p-text)" },
  ".cm-diagnostic": { fontFamily: "var(--mantine-font-family)", fontSize: "12px", whiteSpace: "pre-wrap", maxWidth: "440px" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--p-bad-solid)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--p-warning-solid)" },
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword], color: "var(--p-series-1)" },
  { tag: [tags.typeName, tags.standard(tags.name)], color: "var(--p-series-3)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--p-good-text)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--p-series-2)" },
  { tag: [tags.comment], color: "var(--p-muted)", fontStyle: "italic" },
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--p-accent-text)" },
  { tag: [tags.punctuation, tags.separator, tags.bracket], color: "var(--p-muted)" },
  { tag: tags.invalid, color: "var(--p-bad-text)" },
]);

/** Brings a line to the start or the middle: by the heights of lines, as the editor's own way goes twice as far where long lines are wrapped. */
const scrolling = EditorView.scrollHandler.of((view, { head }, { y, yMargin }) => {
  if (y !== "start" && y !== "center") return false;
  const { top, height } = view.lineBlockAt(head);
  view.scrollDOM.scrollTop = y === "start" ? top - yMargin : top + height / 2 - view.scrollDOM.clientHeight / 2;
  return true;
});

/** The look of code; lines end as they do in the text, so that offsets are those of the text. */
export const codeBasics: Extension = [look, scrolling, syntaxHighlighting(colours), EditorState.lineSeparator.of("\n"), EditorState.tabSize.of(2),
  EditorView.contentAttributes.of({ tabindex: "0" })];

/** A view in the element that has `attach` as its ref; null until it is there. What it starts with is read once. */
export function useCodeView(start: () => { text: string; extensions: Extension }): {
  attach: RefCallback<HTMLElement>;
  view: EditorView | null;
} {
  const [view, setView] = useState<EditorView | null>(null);
  const [begin] = useState(() => start);
  const attach = useCallback((element: HTMLElement | null) => {
    if (!element) return undefined;
    const { text, extensions } = begin();
    const made = new EditorView({ parent: element, state: EditorState.create({ doc: text, extensions: [codeBasics, extensions] }) });
    setView(made);
    return () => {
      made.destroy();
      setView(null);
    };
  }, [begin]);
  return { attach, view };
}

/** The offset of a line and column (from 1, in characters), within the text. */
export function offsetAt(state: EditorState, line: number, column: number): number {
  const found = state.doc.line(Math.min(Math.max(line, 1), state.doc.lines));
  const before = [...found.text].slice(0, Math.max(0, column - 1)).join("").length;
  return Math.min(found.from + before, found.to);
}
