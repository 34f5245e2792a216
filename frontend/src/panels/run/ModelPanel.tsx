import { Link } from "react-router";

import { modelUrl, useVersion, useVersions } from "../../api/models";
import type { RunSummary } from "../../api/types";
import { Empty, Facts, Reliability, TimeSeries, format } from "../../design";
import { about, listed, t } from "../../i18n";
import { useCatalogue } from "../canvas/catalogue";
import { useEditor } from "../document/editor";
import { namesOf, useSeries } from "./series";
import { useFigures, useNodeFigures } from "./figures";
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
    return <Empty title={t("No model, no metrics")}>{t("A pipeline that trains a model, or has a metric sink, shows here how it does.")}</Empty>;
  }
  if (!run) return <Empty title={t("Nothing runs yet")}>{t("Once the pipeline runs, its models’ AUC, log loss and calibration are drawn here.")}</Empty>;
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
      </div>
      <div className={classes.rows}>
        {learners.map((node) => <Learner key={node} run={run.id} slug={slug} project={project} node={node} span={span} />)}
        <div className={classes.charts}>
          {sinks.map((sink) => <Sink key={sink.id} run={run.id} node={sink.id} label={sink.label} span={span} onSelect={onSelect} />)}
        </div>
      </div>
    </div>
  );
}

interface LearnerProps {
  run: number;
  slug: string;
  project: string;
  node: string;
  span: ReturnType<typeof useSpan>;
}

const MEASURES = ["auc", "logloss", "calibration"];

/** How a model does as it learns: progressive measures, each sample predicted before it is learnt. */
function Learner({ run, slug, project, node, span }: LearnerProps) {
  const name = `${slug}.${node}`;
  const { data: versions } = useVersions(name, project, run);
  const live = useFigures((state) => state.models[node] ?? null);
  const known = versions?.at(-1) ?? null;
  const newest = live && live.version >= (known?.version ?? 0) ? live : known;
  const { data: version } = useVersion(name, known?.version ?? null, project);
  const series = useSeries(run, node, MEASURES, span.span, span.until);
  const line = (key: string, label: string) => [{ key, name: label, points: series[key] ?? [] }];
  const shared = { from: span.from, to: span.to, range: "fit", group: "run", waiting: t("Waiting for the first version") } as const;
  return (
    <section aria-label={t("Model {name}", { name })}>
      <div style={{ padding: "10px 14px 0" }}>
        <Facts facts={[
          { name: t("Model"), value: <Link to={modelUrl(name, project)}>{name}</Link> },
          { name: t("Version"), value: format.number(newest?.version) },
          { name: t("Samples"), value: format.number(newest?.samples) },
          { name: t("Progressive AUC"), value: format.number(newest?.auc) },
          { name: t("Log loss"), value: format.number(newest?.logloss) },
          { name: t("Calibration"), value: format.number(newest?.calibration), title: t("What was predicted by what happened: 1 is right") },
        ]} />
      </div>
      <div className={classes.charts}>
        <TimeSeries title={t("{node}: progressive AUC", { node })} series={line("auc", t("since the start"))} {...shared} />
        <TimeSeries title={t("{node}: log loss", { node })} series={line("logloss", t("since the start"))} {...shared} />
        <TimeSeries title={t("{node}: calibration", { node })} series={line("calibration", t("predicted by happened"))} {...shared} />
        {version?.reliability ? <Reliability bins={version.reliability} /> : null}
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
  const title = (group: readonly string[]) => about(label, group.length > 1 && group === losses ? t("log loss") : listed(group));
  return (groups.length ? groups : [["auc"]]).map((group) => (
    <div key={group.join()}>
      <TimeSeries title={title(group)} from={span.from} to={span.to} range="fit" group="run" waiting={t("Waiting for its first row")}
        series={group.map((name) => ({ key: name, name, points: series[name] ?? [], step: true }))} />
      <button type="button" className={classes.link} style={{ fontSize: 11 }} onClick={() => onSelect(node)}>{node}</button>
    </div>
  ));
}
