import { IconBrain } from "@tabler/icons-react";
import { Link, useNavigate } from "react-router";

import { modelUrl, type ModelItem, pipelineUrl, useModels, useProject, useProjectStreams, useRun } from "../api";
import { Ago, type Column, DataTable, Empty, format, Num, PageHead, StatusBadge } from "../design";
import { msg, t } from "../i18n";
import { Unavailable } from "../panels/models/Unavailable";
import classes from "./ListPage.module.css";

function RunStatus({ run }: { run: number }) {
  const live = useRun(run);
  return (
    <Link to={`/runs/${run}`} tabIndex={-1}>
      {live ? <StatusBadge status={live.status} reason={live.reason?.message} /> : t("run {run}", { run })}
    </Link>
  );
}

const COLUMNS: readonly Column<ModelItem>[] = [
  {
    id: "name",
    title: msg("Model"),
    cell: (model) => (
      <Link to={modelUrl(model.name, model.project)} tabIndex={-1} className={classes.name}>
        {model.name}
      </Link>
    ),
    sort: (model) => model.name,
  },
  { id: "project", title: msg("Project"), width: 120, cell: (model) => model.project, sort: (model) => model.project },
  {
    id: "pipeline",
    title: msg("Trained by"),
    width: 200,
    cell: (model) => (
      <Link to={`${pipelineUrl(model.pipeline.id)}?node=${encodeURIComponent(model.node)}`} tabIndex={-1}>
        {t("{pipeline}, node {node}", { pipeline: model.pipeline.slug, node: model.node })}
      </Link>
    ),
    sort: (model) => model.pipeline.slug,
  },
  { id: "run", title: msg("Served run"), width: 130, cell: (model) => <RunStatus run={model.run} /> },
  { id: "version", title: msg("Version"), width: 84, align: "end", cell: (model) => <Num value={model.version?.version} />, sort: (model) => model.version?.version },
  { id: "published", title: msg("Published"), width: 110, cell: (model) => <Ago at={model.version?.published_at} />, sort: (model) => format.seconds(model.version?.published_at) },
  { id: "samples", title: msg("Samples"), width: 110, align: "end", cell: (model) => <Num value={model.version?.samples} />, sort: (model) => model.version?.samples },
  { id: "auc", title: msg("AUC"), width: 84, align: "end", cell: (model) => <Num value={model.version?.auc} />, sort: (model) => model.version?.auc, help: msg("Of all samples, each predicted before it was learnt") },
  { id: "logloss", title: msg("Logloss"), width: 84, align: "end", cell: (model) => <Num value={model.version?.logloss} />, sort: (model) => model.version?.logloss },
];

export default function ModelsPage() {
  const { project } = useProject();
  const navigate = useNavigate();
  useProjectStreams(project);
  const { data, error, refetch } = useModels(project);
  return (
    <div className={classes.page}>
      <PageHead title={t("Models")} note={data ? t("{count} in {project}", { count: data.count, project: project ?? t("all projects") }) : error ? null : t("Loading")} />
      {error ? <Unavailable error={error} what={t("Models are not available")} onRetry={() => void refetch()} /> : null}
      {data ? (
        <div className={classes.table}>
          <DataTable
            label={t("Models")}
            columns={COLUMNS}
            rows={data.results}
            rowKey={(model) => `${model.project}/${model.name}`}
            rowLabel={(model) => model.name}
            order={{ column: "name", direction: "ascending" }}
            onOpen={(model) => void navigate(modelUrl(model.name, model.project))}
            minWidth={1100}
            empty={<NoModels />}
          />
        </div>
      ) : null}
    </div>
  );
}

function NoModels() {
  return (
    <Empty icon={<IconBrain size={30} stroke={1.4} aria-hidden />} title={t("No model has been trained yet")} actions={<Link to="/">{t("To the pipelines")}</Link>}>
      {t("A pipeline with a node “Train online model” publishes a version of its model after every so many samples. Each is listed here with how well it predicts, and answers requests.")}
    </Empty>
  );
}
