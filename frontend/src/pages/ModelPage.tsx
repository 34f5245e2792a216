import { useMemo } from "react";
import { Link, useParams, useSearchParams } from "react-router";

import { type ModelItem, type ModelVersion, pipelineUrl, useModel, useProjectStreams, useRun, useVersions } from "../api";
import { Ago, Facts, format, Num, PageHead, Panel, StatusBadge } from "../design";
import { t } from "../i18n";
import { CalibrationPanel } from "../panels/models/CalibrationPanel";
import { MetricsPanel } from "../panels/models/MetricsPanel";
import { PredictPanel } from "../panels/models/PredictPanel";
import { Unavailable } from "../panels/models/Unavailable";
import { VersionsPanel } from "../panels/models/VersionsPanel";
import { WeightsPanel } from "../panels/models/WeightsPanel";
import { Waiting } from "./Gate";
import classes from "./ModelPage.module.css";

function Summary({ model, version }: { model: ModelItem; version: ModelVersion | null }) {
  const run = useRun(model.run);
  return (
    <Panel title={t("Served now")} note={<Link to={`${pipelineUrl(model.pipeline.id)}?node=${encodeURIComponent(model.node)}`}>{t("trained by {pipeline}, node {node}", { pipeline: model.pipeline.slug, node: model.node })}</Link>}>
      <Facts
        facts={[
          {
            name: t("Run"),
            value:
              <Link to={`/runs/${model.run}`}>
                {model.run} {run ? <StatusBadge status={run.status} reason={run.reason?.message} /> : null}
              </Link>
          },
          { name: t("Version"), value: <Num value={version?.version} /> },
          { name: t("Published"), value: <Ago at={version?.published_at} /> },
          { name: t("Samples"), value: <Num value={version?.samples} /> },
          { name: t("AUC, last window"), value: <Num value={version?.window_auc} /> },
          { name: t("AUC, all samples"), value: <Num value={version?.auc} /> },
          { name: t("Logloss, last window"), value: <Num value={version?.window_logloss} /> },
          { name: t("Logloss, all samples"), value: <Num value={version?.logloss} /> },
          { name: t("Calibration error"), title: t("Expected calibration error over 20 bins"), value: format.percent(version?.calibration_error) },
        ]}
      />
    </Panel>
  );
}

export default function ModelPage() {
  const { name = "" } = useParams();
  const [given, setGiven] = useSearchParams();
  const project = given.get("project");
  const asked = Number(given.get("version")) || null;
  const { data: model, error, refetch } = useModel(name, project);
  useProjectStreams(model?.project ?? project);
  const { data, error: noVersions } = useVersions(name, model?.project ?? project, model?.run ?? null);
  const versions = useMemo(() => data ?? [], [data]);
  const newest = versions.at(-1)?.version ?? model?.version?.version ?? null;
  const shown = asked ?? newest;
  const facts = versions.find((one) => one.version === newest) ?? model?.version ?? null;
  const choose = (version: number | null) =>
    setGiven(
      (old) => {
        const next = new URLSearchParams(old);
        if (version === null) next.delete("version");
        else next.set("version", String(version));
        return next;
      },
      { replace: true },
    );
  if (!model) {
    return (
      <div className="p-page">
        <PageHead title={name} note={<Link to="/models">{t("All models")}</Link>} />
        {error ? <Unavailable error={error} what={t("This model is not available")} onRetry={() => void refetch()} /> : <Waiting />}
      </div>
    );
  }
  return (
    <div className="p-page">
      <PageHead title={model.name} note={<Link to="/models">{t("All models")}</Link>} />
      <div className={classes.grid}>
        <div className={classes.wide}>
          <Summary model={model} version={facts} />
        </div>
        <MetricsPanel versions={versions} />
        <CalibrationPanel model={model} version={shown} />
        <div className={classes.wide}>
          {noVersions ? <Unavailable error={noVersions} what={t("Versions are not available")} /> : <VersionsPanel versions={versions} chosen={asked} onChoose={choose} />}
        </div>
        <WeightsPanel model={model} version={shown} />
        <PredictPanel key={`${model.project}/${model.name}`} model={model} version={asked} />
      </div>
    </div>
  );
}
