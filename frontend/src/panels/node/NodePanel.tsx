import { TextInput } from "@mantine/core";
import { useMemo } from "react";

import type { RunSummary } from "../../api/types";
import { Empty, ErrorNote, Facts, Note, Sparkline, format } from "../../design";
import { type NodeFigures, useFigures, useNodeFigures } from "../run/figures";
import { useSeries } from "../run/series";
import { type Verb, useCatalogue } from "../canvas/catalogue";
import { FamilyIcon } from "../canvas/families";
import { diagnosticsOf, useEditor, useEditorStore } from "../document/editor";
import { Columns } from "./Columns";
import { useDraft } from "./fields";
import classes from "./node.module.css";
import { Properties } from "./Properties";
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
  const catalogue = useCatalogue();
  if (!node) return <Summary onSelect={onSelect} />;
  if (!found) return <Empty title={`There is no node ${node}`}>It may have been removed or renamed since.</Empty>;
  const verb = catalogue.get(found.component);
  return (
    <div className={classes.panel} key={node}>
      <div className={classes.title}>
        <FamilyIcon family={verb?.family ?? ""} component={found.component} size={18} />
        <h2>{found.label || found.id}</h2>
      </div>
      <div className="p-muted"><code>{found.id}</code> · {verb?.title ?? found.component}</div>
      <NodeProblems node={node} run={run} onReveal={onReveal} />
      {run ? <Live run={run} node={node} gives={verb?.gives ?? null} /> : null}
      <section className={classes.section}>
        <h3>Properties</h3>
        <Label node={node} label={found.label} canEdit={canEdit} />
        <Properties node={found} verb={verb} focus={property} canEdit={canEdit} onReveal={onReveal} />
      </section>
      <Columns node={node} onSelect={onSelect} />
      <About verb={verb} component={found.component} />
    </div>
  );
}

function NodeProblems({ node, run, onReveal }: { node: string; run: RunSummary | null; onReveal: NodePanelProps["onReveal"] }) {
  const diagnostics = useEditor(diagnosticsOf);
  const own = diagnostics.filter((each) => each.node === node);
  const failed = run?.reason?.node === node && run.status !== "RUNNING" ? run.reason : null;
  if (!own.length && !failed) return null;
  return (
    <section className={classes.section}>
      {failed ? <div className={classes.problem}><ErrorNote error={{ message: failed.message, hint: failed.hint, code: failed.code }} /></div> : null}
      {own.map((each, i) => (
        <div key={i} className={classes.problem}>
          <Note tone={each.severity === "error" ? "bad" : "warning"}>
            <strong>{each.message}</strong> {each.hint}{" "}
            <a href={`?node=${node}`} onClick={(event) => { event.preventDefault(); onReveal(node, each.property ?? undefined); }}>
              {each.property ? `${each.property}, ` : ""}line {each.line}
            </a>
          </Note>
        </div>
      ))}
    </section>
  );
}

function Label({ node, label, canEdit }: { node: string; label: string; canEdit: boolean }) {
  const editor = useEditorStore();
  const field = useDraft(label, (next) => editor.getState().change({ kind: "rename_label", node, label: next.trim() }, `Rename ${node}`));
  return <TextInput className={classes.field} label="Name on the canvas" placeholder={node} disabled={!canEdit} {...field} />;
}

function Live({ run, node, gives }: { run: RunSummary; node: string; gives: string | null }) {
  const figures = useNodeFigures(node);
  const at = useFigures((state) => state.snapshot?.at ?? null);
  const name = gives ? "rows_out_rate" : "rows_in_rate";
  const series = useSeries(run.id, node, [name], 900);
  const values = useMemo(() => (series[name] ?? []).map(([, value]) => value).slice(-180), [series, name]);
  if (!figures) {
    return <section className={classes.section}><h3>Live</h3><p className="p-muted" style={{ margin: 0 }}>Nothing is known of it yet: figures appear while it runs.</p></section>;
  }
  return (
    <section className={classes.section}>
      <h3>Live</h3>
      <Facts facts={factsOf(figures, at)} />
      {values.length > 1 ? (
        <div className={classes.spark}>
          <span>{gives ? "Rows out" : "Rows in"} a second, last 15 min</span>
          <Sparkline values={values} label={`Rows a second of ${node}`} width={150} />
        </div>
      ) : null}
    </section>
  );
}

function factsOf(figures: NodeFigures, at: number | null) {
  const always = [
    { name: "In", value: figures.inRate === null ? format.quantity(figures.rowsIn, "rows") : format.rate(figures.inRate), title: `${format.number(figures.rowsIn)} rows` },
    { name: "Out", value: figures.outRate === null ? format.quantity(figures.rowsOut, "rows") : format.rate(figures.outRate), title: `${format.number(figures.rowsOut)} rows` },
    { name: "Watermark", value: figures.watermark === null ? "–" : format.moment(figures.watermark / 1e6),
      title: figures.watermark === null || at === null ? undefined : `${format.duration(at - figures.watermark / 1e6)} behind the clock` },
    { name: "Busy", value: format.percent(figures.busy), title: figures.waits === null ? undefined : `waits for those behind it ${format.percent(figures.waits)} of the time` },
    { name: "State", value: format.bytes(figures.stateBytes) },
    { name: "Late rows", value: format.number(figures.late) },
  ];
  const some = [
    figures.deadLetters ? { name: "Unreadable", value: format.number(figures.deadLetters) } : null,
    figures.latency === null ? null : { name: "Latency, p99", value: format.duration(figures.latency), title: "From rows that come in until they are written" },
    figures.hitRate === null ? null : { name: "Look-ups that found", value: format.percent(figures.hitRate) },
    figures.fusedInto ? { name: "Fused into", value: figures.fusedInto, title: "It works as a part of that node" } : null,
    ...Object.entries(figures.metrics ?? {}).map(([name, value]) => ({ name, value: typeof value === "number" ? format.number(value) : String(value) })),
  ];
  return [...always, ...some.filter((fact) => fact !== null)];
}

function About({ verb, component }: { verb: Verb | undefined; component: string }) {
  return (
    <section className={classes.section}>
      <h3>{verb?.title ?? component}</h3>
      <p style={{ margin: 0 }}>{verb ? verb.doc : "The platform knows no component of this name."}</p>
      {verb?.details ? <p className="p-muted" style={{ whiteSpace: "pre-line" }}>{verb.details.replaceAll(/([^\n])\n(?!\n)/g, "$1 ")}</p> : null}
      {verb?.inputs.length ? (
        <p className="p-muted" style={{ marginBottom: 0 }}>
          Inputs: {verb.inputs.map((port) => `${port.name} (${port.help}${port.optional ? ", optional" : ""})`).join("; ")}
        </p>
      ) : null}
    </section>
  );
}
