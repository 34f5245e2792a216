import { Button } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useMemo } from "react";

import { useActionContext, useActions } from "../../actions";
import { Empty, Note } from "../../design";
import { CopyButton } from "../../design/CopyButton";
import { useStable } from "../../design/useStable";
import { nodeAt, nodeSpans } from "../../document/spans";
import { t } from "../../i18n";
import classes from "../document/code.module.css";
import { textOf, useEditor } from "../document/editor";
import { SQL_ACTIONS } from "./actions";
import { beginDraft, useDrafts } from "./drafts";
import { type Range } from "./marks";
import { type Stretch, stretchAt, stretchesOf, useRecognition } from "./recognition";
import { SqlCode } from "./SqlCode";
import { SqlDraft } from "./SqlDraft";

export interface SqlPanelProps {
  selected: string | null;
  property: string | null;
  canEdit: boolean;
  /** A node is selected, or one of its properties. */
  onSelect: (node: string, property: string | null) => void;
}

/** The Flink SQL that the pipeline becomes, to read and to edit. What is selected is marked; a click into it selects. */
export function SqlPanel(props: SqlPanelProps) {
  const pipeline = useEditor((state) => state.pipeline);
  const draft = useDrafts((drafts) => drafts[pipeline]);
  useActions(SQL_ACTIONS);
  return draft ? <SqlDraft {...props} pipeline={pipeline} draft={draft} /> : <Reading {...props} pipeline={pipeline} />;
}

const NOTHING: readonly never[] = [];

function Reading({ selected, property, canEdit, onSelect, pipeline }: SqlPanelProps & { pipeline: number }) {
  const good = useEditor((state) => state.good);
  const valid = useEditor((state) => state.compiled?.valid ?? true);
  const text = useEditor(textOf);
  const current = useEditor((state) => state.compiledText === textOf(state));
  const sql = good?.sql ?? null;
  const fresh = valid && current && sql !== null;
  const edit = useStable(() => {
    if (canEdit && fresh) beginDraft(pipeline, sql, text);
  });
  const { answer, current: recognised } = useRecognition(fresh ? sql : null, text);
  const spans = useMemo(() => nodeSpans(sql ?? "", good?.statements ?? NOTHING), [sql, good]);
  const stretches = useMemo(() => (sql && recognised && answer ? stretchesOf(sql, answer) : NOTHING), [sql, recognised, answer]);
  const lines = useMemo(() => spans.filter((span) => span.node === selected), [spans, selected]);
  const words = useMemo(() => wordsOf(stretches, selected, property), [stretches, selected, property]);
  const onCursor = useSelecting((at) => stretchAt(stretches, at) ?? { node: nodeAt(spans, at), property: "" }, { selected, property, onSelect });
  const context = useMemo(() => ({ editing: false, canEdit: canEdit && fresh, edit, apply: edit, discard: edit }), [canEdit, fresh, edit]);
  useActionContext("sql", context);
  if (!sql) {
    return valid ? <Empty title={t("Compiling")}>{t("The SQL appears as soon as the document is checked.")}</Empty>
      : <Empty title={t("No SQL yet")}>{t("A document becomes SQL once it has no errors. The Problems list says what is missing.")}</Empty>;
  }
  return (
    <div className={classes.panel}>
      <div className={classes.bar}>
        <span className="p-muted p-truncate">{selected ? t("Statements of {node}", { node: selected }) : t("Place the cursor in a statement to select its node")}</span>
        <span style={{ flex: 1 }} />
        <CopyButton value={sql} label={t("Copy the SQL")} />
        <Button variant="default" size="compact-xs" leftSection={<IconPencil size={13} aria-hidden />} disabled={!canEdit || !fresh} onClick={edit}>{t("Edit")}</Button>
      </div>
      {valid && current ? null : <Note tone="warning">{valid ? t("The document changed: this is the SQL of the last check.") : t("The document has errors: this is the SQL before them.")}</Note>}
      <SqlCode key="read" text={sql} lines={lines} words={words} selected={selected} problems={NOTHING} onCursor={onCursor} />
    </div>
  );
}

/** The stretches of the selected property. */
export function wordsOf(stretches: readonly Stretch[], node: string | null, property: string | null): readonly Range[] {
  return property ? stretches.filter((each) => each.node === node && each.property === property) : NOTHING;
}

interface Selection {
  selected: string | null;
  property: string | null;
  onSelect: SqlPanelProps["onSelect"];
}

/** Selects what stands where the cursor was set; says which node that is. */
export function useSelecting(find: (at: number) => { node: string | null; property: string } | null, { selected, property, onSelect }: Selection): (at: number) => string | null {
  return useStable((at: number) => {
    const found = find(at);
    if (!found?.node) return null;
    if (found.node !== selected || found.property !== (property ?? "")) onSelect(found.node, found.property || null);
    return found.node;
  });
}
