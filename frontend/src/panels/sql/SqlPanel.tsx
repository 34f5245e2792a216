import { defaultKeymap } from "@codemirror/commands";
import { sql } from "@codemirror/lang-sql";
import { search, searchKeymap } from "@codemirror/search";
import { EditorState, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { useEffect, useMemo, useRef } from "react";

import { Empty, Note } from "../../design";
import { CopyButton } from "../../design/CopyButton";
import { useStable } from "../../design/useStable";
import { type NodeSpan, nodeAt, nodeSpans } from "../../document/spans";
import { useCodeView } from "../document/codemirror";
import { textOf, useEditor } from "../document/editor";
import classes from "../document/code.module.css";
import { flinkSql } from "./dialect";

const mark = StateEffect.define<readonly NodeSpan[]>();
const line = Decoration.line({ class: "cm-span" });

/** The lines of the selected node's statements. */
const marked = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(now, transaction) {
    const effect = transaction.effects.find((each) => each.is(mark));
    return effect ? decorations(transaction.state, effect.value) : now.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

function decorations(state: EditorState, spans: readonly NodeSpan[]): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  const starts = new Set<number>();
  for (const { from, to } of spans) {
    for (let at = from; at <= Math.min(to, state.doc.length); at = state.doc.lineAt(at).to + 1) starts.add(state.doc.lineAt(at).from);
  }
  for (const start of [...starts].sort((a, b) => a - b)) builder.add(start, start, line);
  return builder.finish();
}

interface SqlPanelProps {
  selected: string | null;
  onSelect: (node: string) => void;
}

/** The Flink SQL that the pipeline becomes. The selected node's statements are marked; a click into one selects its node. */
export function SqlPanel({ selected, onSelect }: SqlPanelProps) {
  const good = useEditor((state) => state.good);
  const valid = useEditor((state) => state.compiled?.valid ?? true);
  const current = useEditor((state) => state.compiledText === textOf(state));
  if (!good?.sql) {
    return valid ? <Empty title="Compiling">The SQL appears as soon as the document is checked.</Empty>
      : <Empty title="No SQL yet">A document becomes SQL once it has no errors. The Problems list says what is missing.</Empty>;
  }
  return (
    <div className={classes.panel}>
      <div className={classes.bar}>
        <span className="p-muted p-truncate">{selected ? `Statements of ${selected}` : "Place the cursor in a statement to select its node"}</span>
        <span style={{ flex: 1 }} />
        <CopyButton value={good.sql} label="Copy the SQL" />
      </div>
      {valid && current ? null : <Note tone="warning">{valid ? "The document changed: this is the SQL of the last check." : "The document has errors: this is the SQL before them."}</Note>}
      <Code text={good.sql} statements={good.statements} selected={selected} onSelect={onSelect} />
    </div>
  );
}

interface CodeProps extends SqlPanelProps {
  text: string;
  statements: Parameters<typeof nodeSpans>[1];
}

function Code({ text, statements, selected, onSelect }: CodeProps) {
  const spans = useMemo(() => nodeSpans(text, statements), [text, statements]);
  const here = useRef<string | null>(null);
  const onCursor = useStable((at: number) => {
    const node = nodeAt(spans, at);
    if (!node || node === selected) return;
    here.current = node;
    onSelect(node);
  });
  const { attach, view } = useCodeView(() => ({
    text,
    extensions: [
      sql({ dialect: flinkSql, upperCaseKeywords: true }), lineNumbers(), marked, search({ top: true }), EditorView.lineWrapping,
      EditorState.readOnly.of(true), keymap.of([...defaultKeymap, ...searchKeymap]),
      EditorView.contentAttributes.of({ "aria-label": "Flink SQL of the pipeline", "aria-readonly": "true" }),
      EditorView.updateListener.of((update) => {
        if (update.transactions.some((each) => each.isUserEvent("select"))) onCursor(update.state.selection.main.head);
      }),
    ],
  }));
  useEffect(() => {
    if (view && view.state.doc.toString() !== text) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
  }, [view, text]);
  useEffect(() => {
    if (!view || view.state.doc.toString() !== text) return;
    const own = spans.filter((span) => span.node === selected);
    const scroll = own[0] && here.current !== selected ? [EditorView.scrollIntoView(own[0].from, { y: "start", yMargin: 24 })] : [];
    here.current = null;
    view.dispatch({ effects: [mark.of(own), ...scroll] });
  }, [view, spans, selected, text]);
  return <div className={classes.code} ref={attach} />;
}
