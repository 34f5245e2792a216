import { TextInput } from "@mantine/core";
import { useMemo } from "react";

import type { Diagnostic, RunSummary } from "../../api/types";
import { Empty, ErrorNote, Facts, Note, Sparkline, format } from "../../design";
import { about, said, t } from "../../i18n";
import { type NodeFigures, useFigures, useNodeFigures } from "../run/figures";
import panels from "../run/panels.module.css";
import { useSeries } from "../run/series";
import { type Verb, useKnown } from "../canvas/catalogue";
import { useDesk } from "../canvas/desk";
import { FamilyIcon } from "../canvas/families";
import { diagnosticsOf, useEditor, useEditorStore } from "../document/editor";
import { placeInside } from "../document/inside";
import { useSelection } from "../canvas/selection";
import { Fixes } from "../problems/Fixes";
import { Columns } from "./Columns";
import { ComponentDocs } from "./ComponentDocs";
import { useDraft } from "./fields";
import classes from "./node.module.css";
import { Properties } from "./Properties";
import { Several } from "./Several";
import { Summary } from "./Summary";

interface NodePanelProps {
  node: string | null;
  /** The property that a problem led to. */
  property: string | null;
  run: RunSummary | null;
  canEdit: boolean;
  onSelect: (node: string) => void;
  onReveal: (node: string, property?: string) => void;
}

/** All about the selected node; about the pipeline, while none is. */
export function NodePanel({ node, property, run, canEdit, onSelect, onReveal }: NodePanelProps) {
  const found = useEditor((state) => state.model.nodes.find((each) => each.id === node) ?? null);
  const catalogue = useKnown();
  const several = useSelection((state) => state.nodes.size > 1);
  if (several) return <Several onSelect={onSelect} />;
  if (!node) return <Summary canEdit={canEdit} onSelect={onSelect} />;
  if (!found) return <Empty title={t("There is no node {node}", { node })}>{t("It may have been removed or renamed since.")}</Empty>;
  const verb = catalogue.get(found.component);
  return (
    <div className={classes.panel} key={node}>
      <div className={classes.title}>
        <FamilyIcon family={verb?.family ?? ""} component={found.component} size={18} />
        <h2>{found.label || found.id}</h2>
      </div>
      <div className={`p-muted ${classes.summary}`}><code>{found.id}</code> · {verb ? <span title={said(verb.details)}>{about(said(verb.title), said(verb.doc))}</span> : found.component}</div>
      <NodeProblems node={node} run={run} canEdit={canEdit} onReveal={onReveal} />
      {run ? <Live run={run} node={node} gives={verb?.gives ?? null} /> : null}
      <section className={classes.section}>
        <h3>{t("Properties")}</h3>
        <Label node={node} label={found.label} canEdit={canEdit} />
        <Properties node={found} verb={verb} focus={property} canEdit={canEdit} onReveal={onReveal} />
      </section>
      <Columns node={node} canEdit={canEdit} onSelect={onSelect} />
      <About verb={verb} component={found.component} />
    </div>
  );
}

interface NodeProblemsProps {
  node: string;
  run: RunSummary | null;
  canEdit: boolean;
  onReveal: NodePanelProps["onReveal"];
}

/** What is wrong with the node as a whole; what is wrong with a property stands at its field. */
function NodeProblems({ node, run, canEdit, onReveal }: NodeProblemsProps) {
  const diagnostics = useEditor(diagnosticsOf);
  const own = diagnostics.filter((each) => each.node === node && !each.property);
  const failed = run?.reason?.node === node && run.status !== "RUNNING" ? run.reason : null;
  if (!own.length && !failed) return null;
  return (
    <section className={classes.section}>
      {failed ? <div className={classes.problem}><ErrorNote error={{ message: failed.message, hint: failed.hint, code: failed.code }} /></div> : null}
      {own.map((each, i) => (
        <div key={i} className={classes.problem}>
          <Note tone={each.severity === "error" ? "bad" : "warning"}>
            <strong>{said(each.message)}</strong> {each.hint ? said(each.hint) : ""}{" "}
            <a href={`?node=${node}`} onClick={(event) => { event.preventDefault(); onReveal(node); }}>{t("line {line}", { line: each.line ?? 1 })}</a>
            <WayInside problem={each} />
            {canEdit ? <Fixes diagnostic={each} /> : null}
          </Note>
        </div>
      ))}
    </section>
  );
}

/** To the node inside that has the problem. */
function WayInside({ problem }: { problem: Diagnostic }) {
  const model = useEditor((state) => state.model);
  const found = placeInside(problem, model);
  const desk = useDesk((state) => state.desk);
  if (!found || !desk) return null;
  const go = () => desk.enter([...(desk.inside?.path ?? []), ...found.path], found.node);
  return <>{" · "}<button type="button" className={panels.link} onClick={go}>{t("Go to {node}", { node: [...found.path, found.node ?? ""].filter(Boolean).join(" › ") })}</button></>;
}

function Label({ node, label, canEdit }: { node: string; label: string; canEdit: boolean }) {
  const editor = useEditorStore();
  const field = useDraft(label, (next) => editor.getState().change({ kind: "rename_label", node, label: next.trim() }, t("Rename {node}", { node }), `${node}.label`));
  return <TextInput className={classes.field} label={t("Name on the canvas")} placeholder={node} disabled={!canEdit} {...field} />;
}

function Live({ run, node, gives }: { run: RunSummary; node: string; gives: string | null }) {
  const figures = useNodeFigures(node);
  const at = useFigures((state) => state.snapshot?.at ?? null);
  const name = gives ? "rows_out_rate" : "rows_in_rate";
  const series = useSeries(run.id, node, [name], 900);
  const values = useMemo(() => (series[name] ?? []).map(([, value]) => value).slice(-180), [series, name]);
  if (!figures) {
    return <section className={`${classes.section} ${classes.live}`}><h3>{t("Live")}</h3><p className="p-muted" style={{ margin: 0 }}>{t("Nothing is known of it yet: figures appear while it runs.")}</p></section>;
  }
  return (
    <section className={`${classes.section} ${classes.live}`}>
      <h3>{t("Live")}</h3>
      <Facts facts={factsOf(figures, at)} />
      {values.length > 1 ? (
        <div className={classes.spark}>
          <span>{gives ? t("Rows out a second, last 15 min") : t("Rows in a second, last 15 min")}</span>
          <Sparkline values={values} label={t("Rows a second of {node}", { node })} width={150} />
        </div>
      ) : null}
    </section>
  );
}

function factsOf(figures: NodeFigures, at: number | null) {
  const always = [
    { name: t("In"), value: figures.inRate === null ? format.quantity(figures.rowsIn, "rows") : format.rate(figures.inRate), title: t("{count} rows", { count: format.number(figures.rowsIn) }) },
    { name: t("Out"), value: figures.outRate === null ? format.quantity(figures.rowsOut, "rows") : format.rate(figures.outRate), title: t("{count} rows", { count: format.number(figures.rowsOut) }) },
    { name: t("Watermark"), value: figures.watermark === null ? "–" : format.moment(figures.watermark / 1e6),
      title: figures.watermark === null || at === null ? undefined : t("{time} behind the clock", { time: format.duration(at - figures.watermark / 1e6) }) },
    { name: t("Busy"), value: format.percent(figures.busy), title: figures.waits === null ? undefined : t("waits for those behind it {share} of the time", { share: format.percent(figures.waits) }) },
    { name: t("State"), value: format.bytes(figures.stateBytes) },
    { name: t("Late rows"), value: format.number(figures.late) },
  ];
  const some = [
    figures.deadLetters ? { name: t("Unreadable"), value: format.number(figures.deadLetters) } : null,
    figures.latency === null ? null : { name: t("Latency, p99"), value: format.duration(figures.latency), title: t("From rows that come in until they are written") },
    figures.hitRate === null ? null : { name: t("Look-ups that found"), value: format.percent(figures.hitRate) },
    figures.fusedInto ? { name: t("Fused into"), value: figures.fusedInto, title: t("It works as a part of that node") } : null,
    ...Object.entries(figures.metrics ?? {}).map(([name, value]) => ({ name, value: typeof value === "number" ? format.number(value) : String(value) })),
  ];
  return [...always, ...some.filter((fact) => fact !== null)];
}

function About({ verb, component }: { verb: Verb | undefined; component: string }) {
  return (
    <section className={classes.section}>
      <h3>{said(verb?.title ?? component)}</h3>
      {verb ? <ComponentDocs verb={verb} /> : <p style={{ margin: 0 }}>{t("The platform knows no component of this name.")}</p>}
    </section>
  );
}
