import { acceptCompletion, autocompletion, closeCompletion, completionKeymap, completionStatus } from "@codemirror/autocomplete";
import { standardKeymap } from "@codemirror/commands";
import { sql } from "@codemirror/lang-sql";
import { type Diagnostic as Mark, setDiagnostics } from "@codemirror/lint";
import { Annotation, Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, drawSelection, keymap, placeholder as placeholding } from "@codemirror/view";
import { useEffect, useState } from "react";

import type { Meaning } from "../../../api/authoring";
import { useStable } from "../../../design/useStable";
import { said } from "../../../i18n";
import { useCodeView } from "../../document/codemirror";
import { useEditorStore } from "../../document/editor";
import { flinkSql } from "../../sql/dialect";
import { useTyped } from "../fields";
import classes from "../node.module.css";
import { type Scope, callAt, complete } from "./completion";
import { useMeaning } from "./meaning";

interface SqlInputProps {
  id?: string | undefined;
  label: string;
  value: string;
  disabled: boolean;
  invalid: boolean;
  describedBy?: string | undefined;
  placeholder?: string;
  /** Enter makes a line; else it is done, and Shift+Enter makes one. */
  lines?: boolean;
  scope: Scope;
  onChange: (text: string) => void;
  /** Told with each answer of the platform. */
  onMeaning?: (meaning: Meaning | null) => void;
}

const fromOutside = Annotation.define<boolean>();

const look = EditorView.theme({
  "&": { height: "auto", minHeight: "28px", maxHeight: "260px", border: "1px solid var(--p-line-strong)", borderRadius: "4px" },
  ".cm-content": { padding: "4px 0" },
  ".cm-line": { padding: "0 8px" },
  ".cm-scroller": { overflow: "auto" },
  ".cm-placeholder": { color: "var(--p-muted)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "12px", maxHeight: "220px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { background: "var(--p-accent-soft)", color: "var(--p-text)" },
  ".cm-completionDetail": { color: "var(--p-muted)", fontStyle: "normal", marginLeft: "1em" },
  ".cm-tooltip.cm-completionInfo": { padding: "6px 8px", fontSize: "12px", maxWidth: "320px" },
});

/** A small editor of SQL: colours, completion, the type of what is written or what is wrong with it, at its place. */
export function SqlInput(props: SqlInputProps) {
  const { value, scope, disabled, onChange, onMeaning } = props;
  const editor = useEditorStore();
  const typed = useTyped(value, onChange);
  const [at, setAt] = useState(0);
  const [focused, setFocused] = useState(false);
  const events = useEvents(typed, () => editor.getState().undo(), () => editor.getState().redo());
  const source = useStable((context: Parameters<typeof complete>[1]) => complete(scope, context));
  const onUpdate = useStable((view: EditorView, changed: boolean, outside: boolean) => {
    if (changed && !outside) typed.set(view.state.doc.toString());
    setAt(view.state.selection.main.head);
  });
  const [locks] = useState(() => new Compartment());
  const [named] = useState(() => new Compartment());
  const { attach, view } = useCodeView(() => ({
    text: value,
    extensions: [
      look, drawSelection(), EditorView.lineWrapping, sql({ dialect: flinkSql }), autocompletion({ override: [source], icons: false, maxRenderedOptions: 60 }),
      Prec.highest(keymap.of(keysOf(props.lines ?? false, events))), keymap.of([...completionKeymap, ...standardKeymap]),
      props.placeholder ? placeholding(props.placeholder) : [],
      locks.of(EditorState.readOnly.of(disabled)), named.of(EditorView.contentAttributes.of(attributes(props))),
      EditorView.updateListener.of((update) => {
        if (update.docChanged || update.selectionSet) onUpdate(update.view, update.docChanged, update.transactions.some((each) => each.annotation(fromOutside)));
      }),
      EditorView.domEventHandlers({ focus: () => { setFocused(true); events.begin(); }, blur: () => { setFocused(false); events.done(); } }),
    ],
  }));
  const { id, label, invalid, describedBy, lines } = props;
  useEffect(() => view?.dispatch({ effects: named.reconfigure(EditorView.contentAttributes.of(attributes({ id, label, invalid, describedBy, lines }))) }),
    [view, named, id, label, invalid, describedBy, lines]);
  useEffect(() => view?.dispatch({ effects: locks.reconfigure(EditorState.readOnly.of(disabled)) }), [view, disabled, locks]);
  const replaced = useStable(() => {
    const text = view?.state.doc.toString();
    if (view && text !== typed.value) view.dispatch({ changes: { from: 0, to: text?.length ?? 0, insert: typed.value }, annotations: fromOutside.of(true) });
  });
  useEffect(() => replaced(), [view, typed.replaced, replaced]); // what is typed is ahead of what is drawn
  const meaning = useMeaning(typed.value, scope);
  useEffect(() => {
    if (view) view.dispatch(setDiagnostics(view.state, marksOf(meaning, view.state.doc.length)));
    onMeaning?.(meaning);
  }, [view, meaning, onMeaning]);
  const call = focused ? callAt(typed.value, at, scope.functions) : null;
  return (
    <div className={classes.sql} data-invalid={(meaning ? meaning.error !== null : props.invalid) || undefined}>
      <div ref={attach} />
      <div className={classes.meaning} aria-live="polite">
        {meaning?.error ? <span className={classes.wrong}>{said(meaning.error.message)}{meaning.error.hint ? ` (${said(meaning.error.hint)})` : ""}</span>
          : call ? <><code>{call.signatures.join("  |  ")}</code> {said(call.doc)}</>
            : meaning?.type ? <code>{meaning.type}</code> : null}
      </div>
    </div>
  );
}

interface Events {
  begin: () => void;
  done: () => void;
  escape: (view: EditorView) => boolean;
  undo: () => void;
  redo: () => void;
}

function useEvents(typed: ReturnType<typeof useTyped>, undo: () => void, redo: () => void): Events {
  const settled = (then: () => void) => () => {
    typed.done();
    then();
  };
  const begin = useStable(typed.begin);
  const done = useStable(typed.done);
  const escape = useStable((view: EditorView) => {
    if (completionStatus(view.state)) return closeCompletion(view);
    if (!typed.isDirty()) return false;
    typed.restore();
    return true;
  });
  return { begin, done, escape, undo: useStable(settled(undo)), redo: useStable(settled(redo)) };
}

function keysOf(lines: boolean, events: Events) {
  const did = (run: () => void) => () => {
    run();
    return true;
  };
  return [
    { key: "Tab", run: acceptCompletion },
    { key: "Escape", run: events.escape, stopPropagation: false },
    { key: "Mod-z", run: did(events.undo), preventDefault: true },
    { key: "Mod-Shift-z", run: did(events.redo), preventDefault: true },
    { key: "Mod-y", run: did(events.redo), preventDefault: true },
    ...(lines ? [] : [{ key: "Enter", run: (view: EditorView) => acceptCompletion(view) || did(events.done)() }]),
  ];
}

function attributes({ id, label, invalid, describedBy, lines }: Pick<SqlInputProps, "id" | "label" | "invalid" | "describedBy" | "lines">): Record<string, string> {
  return {
    "aria-label": label,
    "aria-multiline": String(lines ?? false),
    ...(id ? { id } : {}),
    ...(invalid ? { "aria-invalid": "true" } : {}),
    ...(describedBy ? { "aria-describedby": describedBy } : {}),
  };
}

function marksOf(meaning: Meaning | null, length: number): Mark[] {
  const error = meaning?.error;
  if (!error) return [];
  const from = Math.min(error.span?.start ?? length, length);
  const to = Math.min(Math.max(error.span?.end ?? length, from), length);
  return [{ from, to, severity: "error", message: said(error.message) }];
}
