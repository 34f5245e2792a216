import { Button } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";

import { useActionContext } from "../../actions";
import type { NodeChange, Recognised } from "../../api/recognise";
import { useFunctions } from "../../api/authoring";
import type { Diagnostic } from "../../api/types";
import { ErrorNote, Note } from "../../design";
import { useStable } from "../../design/useStable";
import type { Command } from "../../document/commands";
import { listed, plural, said, t } from "../../i18n";
import classes from "../document/code.module.css";
import { type Editor, textOf, useEditor, useEditorStore } from "../document/editor";
import type { Scope } from "../node/code/completion";
import { type Draft, beginDraft, endDraft, failDraft, typeDraft } from "./drafts";
import { type Recognition, stretchAt, stretchesOf, useRecognition } from "./recognition";
import own from "./sql.module.css";
import { SqlCode } from "./SqlCode";
import { type SqlPanelProps, useSelecting, wordsOf } from "./SqlPanel";

const NOTHING: readonly never[] = [];

/** The SQL while it is edited: what it would change, and what is wrong with it; nothing changes before it is applied. */
export function SqlDraft({ selected, property, canEdit, onSelect, pipeline, draft }: SqlPanelProps & { pipeline: number; draft: Draft }) {
  const editor = useEditorStore();
  const text = useEditor(textOf);
  const recognition = useRecognition(draft.text, text);
  const { answer, current } = recognition;
  const { apply, waiting } = useApplying(editor, pipeline, draft, text, recognition);
  const discard = useStable(() => endDraft(pipeline));
  useFollowing(editor, pipeline, draft);
  const stretches = useMemo(() => (answer && current ? stretchesOf(draft.text, answer) : NOTHING), [answer, current, draft.text]);
  const lines = useMemo(() => stretches.filter((each) => each.node === selected && !each.property), [stretches, selected]);
  const words = useMemo(() => wordsOf(stretches, selected, property), [stretches, selected, property]);
  const nodes = useEditor((state) => state.model.nodes);
  const known = (node: string) => nodes.some((each) => each.id === node);
  const onCursor = useSelecting((at) => {
    const found = stretchAt(stretches, at);
    return found && known(found.node) ? found : null;
  }, { selected, property, onSelect });
  const scope = useScope();
  const [goto, setGoto] = useState<{ line: number; column: number } | null>(null);
  const context = useMemo(() => ({ editing: true, canEdit, edit: apply, apply, discard }), [canEdit, apply, discard]);
  useActionContext("sql", context);
  const untouched = draft.text === draft.sql;
  return (
    <div className={classes.panel}>
      <div className={classes.bar}>
        <span className="p-muted p-truncate" role="status">{stateOf(recognition, untouched)}</span>
        <span style={{ flex: 1 }} />
        <Button variant="subtle" size="compact-xs" onClick={discard}>{t("Discard")}</Button>
        <Button size="compact-xs" onClick={apply} loading={waiting} disabled={!canEdit || untouched || (current && !answer?.valid)} title={t("Makes the pipeline what the SQL says (Ctrl+Enter)")}>{t("Apply")}</Button>
      </div>
      {draft.document === text || untouched ? null : (
        <Note tone="warning">{t("The pipeline changed while you edited. Applying makes it what this SQL says: look at what would change.")}</Note>
      )}
      <ErrorNote error={recognition.error ?? draft.failure} />
      <SqlCode key="edit" text={draft.text} lines={lines} words={words} selected={selected} problems={current && answer ? answer.diagnostics : NOTHING} onCursor={onCursor} goto={goto}
        editing={{ scope, onType: (now) => typeDraft(pipeline, now), onApply: apply, onDiscard: () => (untouched ? discard() : undefined) }} />
      {answer ? <Outcome answer={answer} stale={!current} onPlace={setGoto} onSelect={(node) => known(node) && onSelect(node, null)} /> : null}
    </div>
  );
}

function stateOf({ answer, current }: Recognition, untouched: boolean): string {
  if (untouched) return t("Edit the SQL, then apply it");
  if (!current || !answer) return t("Reading the SQL");
  if (!answer.valid) return plural(answer.diagnostics.filter((each) => each.severity === "error").length, "{count} error", "{count} errors");
  return answer.commands.length ? plural(answer.changes.length || 1, "{count} change", "{count} changes") : t("Says the same as before");
}

/** Applies the SQL as one step, once what it means is known; what was typed after that was asked for calls it off. */
function useApplying(editor: Editor, pipeline: number, draft: Draft, document: string, { answer, current, error }: Recognition) {
  const [asked, setAsked] = useState<{ text: string; document: string } | null>(null);
  const wanted = asked?.text === draft.text && asked.document === document && !draft.failure;
  const apply = useStable(() => setAsked({ text: draft.text, document }));
  useEffect(() => {
    if (!wanted || !current || !answer?.valid) return;
    try {
      if (answer.commands.length) editor.getState().change({ kind: "all", commands: answer.commands as unknown as Command[] }, t("Edit the SQL"));
      endDraft(pipeline);
    } catch (problem) {
      failDraft(pipeline, problem);
    }
  }, [wanted, current, answer, editor, pipeline]);
  return { apply, waiting: wanted && !current && !error };
}

/** SQL that nobody has touched yet follows the document. */
function useFollowing(editor: Editor, pipeline: number, draft: Draft) {
  const good = useEditor((state) => (state.compiledText === textOf(state) && state.compiled?.valid ? state.good : null));
  const sql = good?.sql ?? null;
  useEffect(() => {
    if (sql !== null && draft.text === draft.sql && sql !== draft.sql) beginDraft(pipeline, sql, textOf(editor.getState()));
  }, [sql, draft, pipeline, editor]);
}

/** What can be completed: every table with its columns, every function. */
function useScope(): Scope {
  const functions = useFunctions();
  const nodes = useEditor((state) => state.good?.nodes);
  return useMemo(() => ({
    mode: "query", functions, parameters: {}, keys: [],
    tables: Object.fromEntries(Object.entries(nodes ?? {}).map(([node, { columns }]) => [node, columns])),
  }), [functions, nodes]);
}

interface OutcomeProps {
  answer: Recognised;
  stale: boolean;
  onPlace: (place: { line: number; column: number }) => void;
  onSelect: (node: string) => void;
}

/** What the SQL would change, or what is wrong with it. */
function Outcome({ answer, stale, onPlace, onSelect }: OutcomeProps) {
  const wrong = answer.diagnostics.filter((each) => each.severity === "error");
  if (!answer.valid) {
    return (
      <ul className={own.outcome} data-stale={stale || undefined} aria-label={t("What is wrong with the SQL")}>
        {wrong.map((each, i) => (
          <li key={i}>
            {each.line ? <button type="button" className={own.change} onClick={() => onPlace({ line: each.line ?? 1, column: each.column ?? 1 })}>{problem(each)}</button> : problem(each)}
          </li>
        ))}
      </ul>
    );
  }
  if (!answer.changes.length) return null;
  return (
    <ul className={own.outcome} data-stale={stale || undefined} aria-label={t("What the SQL changes")}>
      {answer.changes.map((each) => (
        <li key={`${each.change} ${each.node}`} data-change={each.change}>
          <button type="button" className={own.change} onClick={() => onSelect(each.node)}>{told(each)}</button>
        </li>
      ))}
    </ul>
  );
}

function problem({ line, message, hint }: Diagnostic): string {
  const what = hint ? `${said(message)} (${said(hint)})` : said(message);
  return line ? t("Line {line}: {what}", { line, what }) : what;
}

function told({ change, node, component, properties, before = "" }: NodeChange): string {
  switch (change) {
    case "added":
      return t("Adds {node}: {component}", { node, component: component.replaceAll("_", " ") });
    case "removed":
      return t("Removes {node}", { node });
    case "renamed":
      return t("Renames {before} to {node}", { before, node });
    case "replaced":
      return t("Makes {node} a component of another kind: {component}", { node, component: component.replaceAll("_", " ") });
    case "redefined":
      return t("Changes the component {component}, which only {node} uses: {properties}", { component, node, properties: properties.join(", ") });
    case "dissolved":
      return t("Puts the nodes inside {node} in its place; the component {component} stays as it is", { node, component: before });
    default:
      return properties.length ? t("Changes {properties} of {node}", { node, properties: listed(properties) }) : t("Connects {node} otherwise", { node });
  }
}
