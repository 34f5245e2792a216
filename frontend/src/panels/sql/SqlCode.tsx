import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { sql } from "@codemirror/lang-sql";
import { setDiagnostics } from "@codemirror/lint";
import { search, searchKeymap } from "@codemirror/search";
import { Annotation, EditorState, type Extension, Prec } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";

import type { Diagnostic } from "../../api/types";
import { useStable } from "../../design/useStable";
import { t } from "../../i18n";
import { offsetAt, useCodeView } from "../document/codemirror";
import classes from "../document/code.module.css";
import { type Scope, complete } from "../node/code/completion";
import { flinkSql } from "./dialect";
import { type Range, mark, marked, problemOf } from "./marks";

interface SqlCodeProps {
  text: string;
  /** The selected node's statements, and the selected property's expressions. */
  lines: readonly Range[];
  words: readonly Range[];
  /** Whose statements `lines` are: another one is scrolled to, but for where the cursor was set there. */
  selected: string | null;
  problems: readonly Diagnostic[];
  /** The cursor was set somewhere; the node that stands there. */
  onCursor: (at: number) => string | null;
  /** A place to go to; a new object goes there again. */
  goto?: { line: number; column: number } | null;
  editing?: Editing;
}

export interface Editing {
  scope: Scope;
  onType: (text: string) => void;
  onApply: () => void;
  onDiscard: () => void;
}

const fromOutside = Annotation.define<boolean>();

/** The SQL as code, to read or to edit. */
export function SqlCode({ text, lines, words, selected, problems, onCursor, goto, editing }: SqlCodeProps) {
  const here = useRef<string | null>(null);
  const cursor = useStable((at: number) => {
    here.current = onCursor(at) ?? here.current;
  });
  const typed = useStable((now: string) => editing?.onType(now));
  const extensions = useEditing(editing);
  const { attach, view } = useCodeView(() => ({
    text,
    extensions: [
      sql({ dialect: flinkSql, upperCaseKeywords: true }), lineNumbers(), marked, search({ top: true }), EditorView.lineWrapping, extensions(),
      keymap.of([...defaultKeymap, ...searchKeymap]),
      // A click where the cursor is already asks again: what stands there may be known only now.
      EditorView.domEventHandlers({ click: (_, view) => cursor(view.state.selection.main.head) }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged && !update.transactions.some((each) => each.annotation(fromOutside))) typed(update.state.doc.toString());
        if (update.transactions.some((each) => each.isUserEvent("select"))) cursor(update.state.selection.main.head);
      }),
    ],
  }));
  useEffect(() => {
    if (!view || view.state.doc.toString() === text) return;
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, annotations: fromOutside.of(true) });
  }, [view, text]);
  useEffect(() => {
    if (!view) return;
    const [first] = lines;
    const scroll = first && here.current !== selected ? [EditorView.scrollIntoView(Math.min(first.from, view.state.doc.length), { y: "start", yMargin: 24 })] : [];
    here.current = first ? selected : here.current;
    view.dispatch({ effects: [mark.of({ lines, words }), ...scroll] });
  }, [view, lines, words, selected, text]);
  useEffect(() => {
    if (view) view.dispatch(setDiagnostics(view.state, problems.map((each) => problemOf(view.state, each))));
  }, [view, problems]);
  useEffect(() => {
    if (!view || !goto) return;
    const anchor = offsetAt(view.state, goto.line, goto.column);
    view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    view.focus();
  }, [view, goto]);
  return <div className={classes.code} ref={attach} />;
}

/** What a view has besides, to begin with, where one may write in it, or may not. */
function useEditing(editing: Editing | undefined): () => Extension {
  const source = useStable((context: Parameters<typeof complete>[1]) => (editing ? complete(editing.scope, context) : null));
  const apply = useStable(() => editing?.onApply());
  const discard = useStable(() => editing?.onDiscard());
  if (!editing) {
    return () => [EditorState.readOnly.of(true), EditorView.contentAttributes.of({ "aria-label": t("Flink SQL of the pipeline"), "aria-readonly": "true" })];
  }
  return () => [
    history(), drawSelection(), highlightActiveLine(), autocompletion({ override: [source], icons: false, maxRenderedOptions: 60 }),
    EditorView.contentAttributes.of({ "aria-label": t("Flink SQL of the pipeline, being edited") }),
    Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (apply(), true), preventDefault: true }])),
    keymap.of([...completionKeymap, ...historyKeymap, { key: "Escape", run: () => (discard(), true) }]),
  ];
}
