import { useMemo } from "react";
import { Link } from "react-router";

import { useModel, useVersions, modelUrl } from "../../api/models";
import { useLive } from "../../api/live";
import type { ModelVersion, RunSummary } from "../../api/types";
import { Empty, Facts, Reliability, TimeSeries, format } from "../../design";
import { useCatalogue } from "../canvas/catalogue";
import { useEditor } from "../document/editor";
import { namesOf, useSeries } from "./series";
import { useNodeFigures } from "./figures";
import { SpanChoice, useSpan } from "./Overview";
import classes from "./panels.module.css";

interface ModelPanelProps {
  run: RunSummary | null;
  slug: string;
  project: string;
  onSelect: (node: string) => void;
}

/** The models that the pipeline trains and the metrics it computes, as they go on. */
export function ModelPanel({ run, slug, project, onSelect }: ModelPanelProps) {
  const nodes = useEditor((state) => state.model.nodes);
  const catalogue = useCatalogue();
  const learners = nodes.filter((node) => catalogue.get(node.component)?.gives === "model").map((node) => node.id);
  const sinks = nodes.filter((node) => node.component === "metric_sink").map((node) => ({ id: node.id, label: node.label || node.id }));
  if (!learners.length && !sinks.length) {
    return <Empty title="No model, no metrics">A pipeline that trains a model, or has a metric sink, shows here how it does.</Empty>;
  }
  if (!run) return <Empty title="Nothing runs yet">Once the pipeline runs, its models&apos; AUC, log loss and calibration are drawn here.</Empty>;
  return <Shown run={run} learners={learners} sinks={sinks} slug={slug} project={project} onSelect={onSelect} />;
}

interface ShownProps extends ModelPanelProps {
  run: RunSummary;
  learners: readonly string[];
  sinks: ReadonlyArray<{ id: string; label: string }>;
}

function Shown({ run, learners, sinks, slug, project, onSelect }: ShownProps) {
  const span = useSpan(run);
  return (
    <div className={classes.column}>
      <div className={classes.bar}>
        <SpanChoice name={span.name} setName={span.setName} />
        {learners.map((node) => <Link key={node} to={modelUrl(`${slug}.${node}`, project)}>All about {slug}.{node}</Link>)}
      </div>
      <div className={classes.rows}>
        {learners.map((node) => <Learner key={node} name={`${slug}.${node}`} project={project} run={run.id} />)}
        <div className={classes.charts}>
          {sinks.map((sink) => <Sink key={sink.id} run={run.id} node={sink.id} label={sink.label} span={span} onSelect={onSelect} />)}
        </div>
      </div>
    </div>
  );
}

/** A model's versions, and the newest as soon as it is published. */
function useKnownVersions(name: string, project: string, run: number): readonly ModelVersion[] {
  const { data } = useVersions(name, project, run);
  const live = useLive((state) => state.models[name]);
  return useMemo(() => {
    const known = data ?? [];
    return live && live.version > (known.at(-1)?.version ?? -1) ? [...known, live] : known;
  }, [data, live]);
}

function Learner({ name, project, run }: { name: string; project: string; run: number }) {
  const { data: model } = useModel(name, project);
  const versions = useKnownVersions(name, project, run);
  const newest = versions.at(-1) ?? model?.version ?? null;
  const series = useMemo(() => {
    const line = (key: "auc" | "logloss" | "window_auc" | "window_logloss") => versions.map((each): [number, number | null] => [each.samples ?? each.version, each[key]]);
    return { auc: line("auc"), logloss: line("logloss"), window_auc: line("window_auc"), window_logloss: line("window_logloss") };
  }, [versions]);
  return (
    <section aria-label={`Model ${name}`} style={{ padding: "10px 14px 0" }}>
      <Facts facts={[
        { name: "Version", value: format.number(newest?.version) },
        { name: "Samples", value: format.number(newest?.samples) },
        { name: "AUC", value: format.number(newest?.auc), title: "Progressive: each sample is predicted before it is learnt" },
        { name: "Log loss", value: format.number(newest?.logloss) },
        { name: "Calibration", value: format.number(newest?.calibration), title: "Sum of predictions by clicks: 1 is right" },
        { name: "Calibration error", value: format.number(newest?.calibration_error) },
      ]} />
      <div className={classes.charts} style={{ paddingInline: 0 }}>
        <TimeSeries title="AUC by samples" x="number" xName="samples" range="fit" group={name}
          series={[{ key: "auc", name: "since the start", points: series.auc }, { key: "window", name: "lately", points: series.window_auc }]} waiting="Waiting for the first version" />
        <TimeSeries title="Log loss by samples" x="number" xName="samples" range="fit" group={name}
          series={[{ key: "logloss", name: "since the start", points: series.logloss }, { key: "window", name: "lately", points: series.window_logloss }]} waiting="Waiting for the first version" />
        {newest?.reliability ? <Reliability bins={newest.reliability} /> : null}
      </div>
    </section>
  );
}

interface SinkProps {
  run: number;
  node: string;
  label: string;
  span: ReturnType<typeof useSpan>;
  onSelect: (node: string) => void;
}

/** The measures of a metric sink, each scale a chart of its own. */
function Sink({ run, node, label, span, onSelect }: SinkProps) {
  const names = namesOf(useNodeFigures(node)?.metrics ?? null);
  const losses = names.filter((name) => /loss/i.test(name));
  const shares = names.filter((name) => !losses.includes(name) && /auc|rate|accuracy|share/i.test(name));
  const rest = names.filter((name) => !losses.includes(name) && !shares.includes(name));
  const series = useSeries(run, node, names.length ? names : ["auc", "logloss"], span.span, span.until);
  const groups = [losses, shares, ...rest.map((name) => [name])].filter((group) => group.length);
  const title = (group: readonly string[]) => `${label}: ${group.length > 1 && group === losses ? "log loss" : group.join(", ")}`;
  return (groups.length ? groups : [["auc"]]).map((group) => (
    <div key={group.join()}>
      <TimeSeries title={title(group)} from={span.from} to={span.to} range="fit" group="run" waiting="Waiting for its first row"
        series={group.map((name) => ({ key: name, name, points: series[name] ?? [], step: true }))} />
      <button type="button" className={classes.link} style={{ fontSize: 11 }} onClick={() => onSelect(node)}>{node}</button>
    </div>
  ));
}
