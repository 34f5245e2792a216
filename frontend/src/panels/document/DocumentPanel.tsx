import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { type Diagnostic as Mark, lintGutter, setDiagnostics } from "@codemirror/lint";
import { search, searchKeymap } from "@codemirror/search";
import { Annotation, EditorState, Transaction } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { Button, Tooltip } from "@mantine/core";
import { useEffect } from "react";

import type { Diagnostic } from "../../api/types";
import { ErrorNote, Note } from "../../design";
import { useStable } from "../../design/useStable";
import { type TextEdit, editBetween } from "../../document/edits";
import { rangeOf } from "../../document/model";
import { about, said, t } from "../../i18n";
import panels from "../run/panels.module.css";
import classes from "./code.module.css";
import { offsetAt, useCodeView } from "./codemirror";
import { diagnosticsOf, isDirty, textOf, useEditor, useEditorStore } from "./editor";
import { compare, useSaving } from "./keeping";

const fromStore = Annotation.define<boolean>();

/** A place to show in the text; a new object shows it again. */
export interface Reveal {
  node?: string;
  property?: string;
  line?: number;
  column?: number;
}

interface DocumentPanelProps {
  canEdit: boolean;
  reveal: Reveal | null;
  onCompare: () => void;
  /** Someone saved a newer revision than the one that this text rests on. */
  overtaken: boolean;
}

/** The document as text: problems underlined where they are, kept as a revision. */
export function DocumentPanel({ canEdit, reveal, onCompare, overtaken }: DocumentPanelProps) {
  const editor = useEditorStore();
  const dirty = useEditor(isDirty);
  const revision = useEditor((state) => state.revision);
  const checkError = useEditor((state) => state.checkError);
  const saving = useSaving();
  const save = useStable(() => {
    if (canEdit && isDirty(editor.getState()) && !saving.isPending) saving.mutate(undefined);
  });
  return (
    <div className={classes.panel}>
      <div className={classes.bar}>
        <span className="p-truncate">
          {t("Revision {revision}", { revision })}
          {dirty ? <strong> · {t("edited since")}</strong> : <span className="p-muted"> · {t("unchanged")}</span>}
        </span>
        <span style={{ flex: 1 }} />
        <Button variant="subtle" onClick={onCompare} disabled={!dirty}>{t("Changes")}</Button>
        <Tooltip label={canEdit ? t("Keeps the document as a revision, which runs start (Ctrl+S)") : t("Your role does not let you change pipelines")}>
          <Button onClick={save} disabled={!dirty || !canEdit} loading={saving.isPending}>{t("Save revision")}</Button>
        </Tooltip>
      </div>
      {overtaken ? (
        <Note tone="warning">
          {t("Someone saved a newer revision meanwhile.")}{" "}
          <button type="button" className={panels.link} onClick={() => void compare(editor)}>{t("Compare, and decide")}</button>
        </Note>
      ) : null}
      <ErrorNote error={saving.error} onRetry={save} />
      <ErrorNote error={checkError} />
      <Text canEdit={canEdit} reveal={reveal} onSave={save} />
    </div>
  );
}

function Text({ canEdit, reveal, onSave }: { canEdit: boolean; reveal: Reveal | null; onSave: () => void }) {
  const editor = useEditorStore();
  const text = useEditor(textOf);
  const current = useEditor((state) => state.compiledText === textOf(state));
  const diagnostics = useEditor(diagnosticsOf);
  const typed = useStable((edits: TextEdit[]) => editor.getState().change({ kind: "edit_text", edits }, t("Edit the text"), "typing"));
  const { attach, view } = useCodeView(() => ({
    text: textOf(editor.getState()),
    extensions: [
      yaml(), lineNumbers(), lintGutter(), drawSelection(), highlightActiveLine(), highlightActiveLineGutter(), search({ top: true }), EditorView.lineWrapping,
      EditorState.readOnly.of(!canEdit), EditorView.contentAttributes.of({ "aria-label": t("Document of the pipeline, YAML") }),
      keymap.of([
        { key: "Mod-s", run: () => (onSave(), true), preventDefault: true },
        { key: "Mod-z", run: () => (editor.getState().undo(), true), preventDefault: true },
        { key: "Mod-Shift-z", run: () => (editor.getState().redo(), true), preventDefault: true },
        { key: "Mod-y", run: () => (editor.getState().redo(), true), preventDefault: true },
        ...defaultKeymap, ...searchKeymap, indentWithTab,
      ]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged && !update.transactions.some((each) => each.annotation(fromStore))) typed(editsOf(update.changes));
      }),
    ],
  }));
  useEffect(() => {
    if (!view) return;
    const changes = editBetween(view.state.doc.toString(), text);
    if (changes.length) view.dispatch({ changes, annotations: [fromStore.of(true), Transaction.addToHistory.of(false)] });
  }, [view, text]);
  useEffect(() => {
    if (view && current) view.dispatch(setDiagnostics(view.state, diagnostics.map((each) => markOf(view.state, each))));
  }, [view, diagnostics, current]);
  useEffect(() => {
    if (!view || !reveal) return;
    const range = placeOf(view.state, reveal);
    if (range) view.dispatch({ selection: { anchor: range[0] }, effects: EditorView.scrollIntoView(range[0], { y: "start", yMargin: 40 }) });
  }, [view, reveal]);
  return <div className={classes.code} ref={attach} />;
}

function editsOf(changes: { iterChanges: (each: (fromA: number, toA: number, fromB: number, toB: number, inserted: { toString(): string }) => void) => void }): TextEdit[] {
  const edits: TextEdit[] = [];
  changes.iterChanges((from, to, _fromB, _toB, inserted) => edits.push({ from, to, insert: inserted.toString() }));
  return edits;
}

/** A diagnostic as the editor underlines it: from its place to the end of what stands there. */
function markOf(state: EditorState, diagnostic: Diagnostic): Mark {
  const from = offsetAt(state, diagnostic.line ?? 1, diagnostic.column ?? 1);
  const line = state.doc.lineAt(from);
  const rest = /^[^#\n]*?(?=\s*(?:#.*)?$)/.exec(state.sliceDoc(from, line.to))?.[0] ?? "";
  const where = [diagnostic.node, diagnostic.property].filter(Boolean).join(".");
  const told = said(diagnostic.message);
  const message = [where ? about(where, told) : told, diagnostic.hint ? said(diagnostic.hint) : ""].filter(Boolean).join("\n");
  return { from, to: Math.max(from, Math.min(from + (rest.length || 1), line.to)), severity: diagnostic.severity, message, source: diagnostic.code };
}

function placeOf(state: EditorState, reveal: Reveal): readonly [number, number] | null {
  if (reveal.node) return rangeOf(state.doc.toString(), reveal.node, reveal.property);
  if (!reveal.line) return null;
  const at = offsetAt(state, reveal.line, reveal.column ?? 1);
  return [at, at];
}
