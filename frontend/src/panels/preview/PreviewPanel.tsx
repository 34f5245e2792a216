import { Button, Menu, Select } from "@mantine/core";
import { IconCheckbox, IconCopy } from "@tabler/icons-react";
import { useMemo, useState } from "react";

import type { PreviewAnswer, PreviewNode } from "../../api/preview";
import { useActionContext, useActions } from "../../actions";
import { Empty, ErrorNote, format } from "../../design";
import { listed, said, t } from "../../i18n";
import { textOf, useEditor, useEditorStore } from "../document/editor";
import { freeName, testFromPreview } from "../tests/cases";
import { Cause } from "../why/Cause";
import { PREVIEW_ACTIONS } from "./actions";
import { usePreviewing } from "./asking";
import { testedBy } from "./commands";
import classes from "./preview.module.css";
import { csvOf, differences, objectsOf } from "./rows";
import { Sources } from "./Sources";
import { readAgain, usePreview } from "./store";
import { TableSide } from "./TableSide";

interface PreviewPanelProps {
  project: string;
  node: string | null;
  /** The run that the page shows. */
  run: number | null;
  canEdit: boolean;
  onNode: (node: string, property: string | null) => void;
}

/** The selected node's rows in and out, on a sample, as of the last edit. */
export function PreviewPanel({ project, node, run, canEdit, onNode }: PreviewPanelProps) {
  if (!canEdit) return <Empty title={t("No preview")}>{t("Previews run the pipeline on a sample: that needs the role editor.")}</Empty>;
  return <Previewing project={project} node={node} run={run} canEdit={canEdit} onNode={onNode} />;
}

function Previewing({ project, node, run, canEdit, onNode }: PreviewPanelProps) {
  usePreviewing(project, node);
  useActions(PREVIEW_ACTIONS);
  const { shown, busy, error, before } = usePreview();
  const context = useMemo(() => ({ sample: () => readAgain(Object.keys(usePreview.getState().shown?.samples ?? {})), ready: shown !== null }), [shown]);
  useActionContext("preview", context);
  const changed = useMemo(() => (before?.output && shown?.output ? differences(before.output, shown.output) : null), [before, shown]);
  const current = shown?.node === node ? shown : null;
  if (!shown && error) return <div className={classes.error}><ErrorNote error={error} onRetry={() => readAgain([])} /></div>;
  if (!shown) return <Empty title={busy ? t("Running the pipeline on a sample") : t("No preview yet")} />;
  if (shown.error?.code === "nothing_to_run") return <Empty title={t("Nothing to preview yet")}>{t("Add a source and connect nodes to it: what each of them gives is shown here.")}</Empty>;
  return (
    <div className={classes.panel}>
      <Bar answer={shown} busy={busy} project={project} run={run} canEdit={canEdit} node={node} />
      {error ? <div className={classes.error}><ErrorNote error={error} onRetry={() => readAgain([])} /></div> : null}
      <Trouble answer={shown} onNode={onNode} />
      <Notes answer={shown} node={node} />
      <Ends answer={shown} node={node} onNode={onNode} />
      {node && current ? <Sides answer={current} changed={changed} stale={busy} node={node} onNode={onNode} />
        : <Empty title={node ? t("Running the pipeline on a sample") : t("Select a node")}>{node ? null : t("Its rows in and out are shown here, as of the last edit. The counts are on the canvas already.")}</Empty>}
    </div>
  );
}

interface BarProps {
  answer: PreviewAnswer;
  busy: boolean;
  project: string;
  run: number | null;
  canEdit: boolean;
  node: string | null;
}

function Bar({ answer, busy, project, run, canEdit, node }: BarProps) {
  const took = (answer.milliseconds.compile ?? 0) + (answer.milliseconds.run ?? 0);
  return (
    <div className={classes.bar}>
      <Sources answer={answer} project={project} run={run} canEdit={canEdit} />
      <span className="p-muted" role="status">{busy ? t("Running") : t("Nothing is written. Took {time}.", { time: format.duration(took / 1000) })}</span>
      <NodeCounts answer={answer} node={node} />
      <span className={classes.spring} />
      <NewTest answer={answer} canEdit={canEdit} />
      {answer.output ? (
        <Menu position="top-end" withinPortal>
          <Menu.Target><Button size="compact-xs" variant="default" leftSection={<IconCopy size={13} aria-hidden />}>{t("Copy rows")}</Button></Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => copy(answer, csvOf)}>{t("As CSV")}</Menu.Item>
            <Menu.Item onClick={() => copy(answer, (table) => JSON.stringify(objectsOf(table), null, 1))}>{t("As JSON")}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      ) : null}
    </div>
  );
}

function copy(answer: PreviewAnswer, text: (table: NonNullable<PreviewAnswer["output"]>) => string) {
  if (answer.output) void navigator.clipboard.writeText(text(answer.output));
}

/** Rows that the node lost, and what a learner knows. */
function NodeCounts({ answer, node }: { answer: PreviewAnswer; node: string | null }) {
  const counts = node ? answer.nodes[node] : undefined;
  if (!counts) return null;
  const facts = [
    ...(counts.late ? [t("{count} rows left out for being late", { count: format.number(counts.late) })] : []),
    ...(counts.unmatched ? [t("{count} rows found nothing in the dimension", { count: format.number(counts.unmatched) }), ...partly(answer)] : []),
    ...(counts.watermark ? [t("watermark {time} at the end of the sample", { time: counts.watermark })] : []),
  ];
  return <span>{[...learnt(counts.model), ...facts].join(" · ")}</span>;
}

/** Of which dimension not all of the file was looked at. */
function partly(answer: PreviewAnswer): string[] {
  return answer.inputs.flatMap(({ node }) => {
    const sample = answer.samples[node];
    return sample?.more && sample.looked !== null ? [t("of {node} the first {count} rows were looked at", { node, count: format.number(sample.looked) })] : [];
  });
}

/** What a learner knows at the end of the sample. */
function learnt(model: PreviewNode["model"]): string[] {
  if (!model) return [];
  const { version, samples, logloss, auc } = model as Record<string, number | null>;
  return [
    t("version {version}", { version: format.number(version) }), t("{count} samples learnt", { count: format.number(samples) }),
    t("log loss {value}", { value: format.number(logloss) }), t("AUC {value}", { value: format.number(auc) }),
  ];
}

function NewTest({ answer, canEdit }: { answer: PreviewAnswer; canEdit: boolean }) {
  const editor = useEditorStore();
  const model = useEditor((state) => state.model);
  const found = testedBy(model, answer);
  const why = found ? t("A test that gives the sources what is pinned to them, and expects these rows") : t("Pin rows to a source first: a test needs rows that stay the same");
  const make = () => {
    if (!found) return;
    const name = freeName(model, found.node);
    editor.getState().change(testFromPreview(textOf(editor.getState()), name, found.given, found.node, found.rows), t("New test {name}", { name }));
  };
  return (
    <Button size="compact-xs" variant="default" leftSection={<IconCheckbox size={13} aria-hidden />} disabled={!canEdit || !found} title={why} onClick={make}>
      {t("New test from this")}
    </Button>
  );
}

/** What stopped the preview, and what is wrong with the document; a click leads to it. */
function Trouble({ answer, onNode }: { answer: PreviewAnswer; onNode: (node: string, property: string | null) => void }) {
  const { error } = answer;
  const own = answer.diagnostics.find((each) => each.node === answer.node) ?? null;
  if (error) {
    const problem = { code: error.code, message: said(error.message), hint: error.hint ? said(error.hint) : null };
    return (
      <div className={classes.error} role="alert">
        <ErrorNote error={problem} />
        {error.node ? <Button size="compact-xs" variant="default" onClick={() => onNode(error.node ?? "", null)}>{t("Go to {node}", { node: error.node })}</Button> : null}
      </div>
    );
  }
  if (!own) return null;
  return (
    <div className={classes.error} role="alert">
      <ErrorNote error={{ code: own.code, message: said(own.message), hint: own.hint ? said(own.hint) : null }} />
      {own.property ? <Button size="compact-xs" variant="default" onClick={() => onNode(own.node ?? "", own.property)}>{t("Go to {node}", { node: own.property })}</Button> : null}
    </div>
  );
}

const NOTES: Readonly<Record<string, (node: string) => string>> = {
  predicted_with_last_version: (node) => t("{node}: no version of the model is known at the time of these rows, so they are predicted with the one that it has at the end of the sample.", { node }),
  published_early: (node) => t("{node} publishes more often here than in a run, so that a sample is enough to see it learn.", { node }),
};

function Notes({ answer, node }: { answer: PreviewAnswer; node: string | null }) {
  const texts = answer.notes.filter((note) => note.node === node).flatMap((note) => NOTES[note.code]?.(note.node) ?? []);
  return texts.length ? <div className={classes.note}>{texts.join(" ")}</div> : null;
}

/** Sinks that would receive nothing, where another node is looked at: where their rows end, and the way there. */
function Ends({ answer, node, onNode }: { answer: PreviewAnswer; node: string | null; onNode: SidesProps["onNode"] }) {
  const elsewhere = answer.error ? [] : answer.causes.filter((cause) => !node || (cause.node !== node && !cause.sinks.includes(node)));
  const first = elsewhere[0];
  if (!first) return null;
  return (
    <div className={classes.ends}>
      <span title={said(first.hint)}>{t("{sinks} would receive nothing of this sample: {reason}", { sinks: listed(first.sinks), reason: said(first.message) })}</span>
      <Button size="compact-xs" variant="default" onClick={() => onNode(first.place.node, first.place.property)}>{t("Go to {node}", { node: first.place.node })}</Button>
    </div>
  );
}

interface SidesProps {
  answer: PreviewAnswer;
  changed: ReturnType<typeof differences> | null;
  stale: boolean;
  node: string;
  onNode: (node: string, property: string | null) => void;
}

function Sides({ answer, changed, stale, node, onNode }: SidesProps) {
  const [port, setPort] = useState<string | null>(null);
  const at = Math.max(0, answer.inputs.findIndex((input) => keyOf(input) === port));
  const input = answer.inputs[at];
  const counts = answer.nodes[node];
  const none = answer.error ? t("The preview stopped before it came here.") : counts ? t("It gives no rows for this sample.") : t("It cannot run as it is.");
  const cause = answer.causes.find((each) => each.sinks.includes(node)) ?? answer.causes.find((each) => each.node === node);
  const title = counts?.is_sink ? t("{node} would receive", { node }) : t("{node} gives", { node });
  return (
    <div className={classes.sides} data-single={input ? undefined : true}>
      {input ? (
        <TableSide name="input" title={t("from {node}", { node: input.node })} table={input.table} stale={stale} why={answer.error ? t("The preview stopped before it came here.") : t("Nothing reaches this node in the sample.")}>
          {answer.inputs.length > 1 ? (
            <Select size="xs" w={170} data={answer.inputs.map((each) => ({ value: keyOf(each), label: `${each.port}: ${each.node}` }))} value={keyOf(input)} onChange={setPort}
              allowDeselect={false} aria-label={t("Which input")} />
          ) : null}
        </TableSide>
      ) : null}
      <TableSide name="output" title={title} table={answer.output} changed={changed} stale={stale} 
        why={cause ? <span className={classes.cause}><Cause cause={cause} onPlace={onNode} /></span> : none} />
    </div>
  );
}

const keyOf = (input: { port: string; node: string }) => `${input.port} ${input.node}`;
