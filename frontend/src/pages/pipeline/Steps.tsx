import { Button } from "@mantine/core";
import { useEffect } from "react";

import type { PipelineDetail, RunSummary } from "../../api/types";
import { t } from "../../i18n";
import { GuideBar } from "../../panels/pipelines/Guide";
import { happened } from "../../panels/pipelines/guide";
import { usePreview } from "../../panels/preview/store";
import { useFigures } from "../../panels/run/figures";

interface StepsProps {
  detail: PipelineDetail;
  run: RunSummary | null;
  onNode: () => void;
  onStart: () => void;
  onModel: () => void;
}

/** The first steps on a pipeline's page: ticked by what is seen here. */
export function Steps({ detail, run, onNode, onStart, onModel }: StepsProps) {
  const seen = usePreview((state) => Boolean(state.shown?.node));
  const learns = useFigures((state) => Object.values(state.models).some((version) => version.auc !== null));
  const runs = run !== null && run.status !== "CREATED" && run.status !== "QUEUED";
  useEffect(() => {
    if (seen) happened("preview", detail.id);
    if (runs) happened("run", detail.id);
    if (learns) happened("learn", detail.id);
  }, [seen, runs, learns, detail.id]);
  return (
    <GuideBar pipeline={detail.id} actions={{
      preview: <Button variant="default" onClick={onNode}>{t("Show the preview")}</Button>,
      run: <Button onClick={onStart}>{t("Start")}</Button>,
      learn: <Button variant="default" onClick={onModel}>{t("Show the model")}</Button>,
    }} />
  );
}
