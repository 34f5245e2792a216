import { SegmentedControl } from "@mantine/core";
import { useMemo, useState } from "react";

import type { ModelVersion } from "../../api";
import { Panel, TimeSeries } from "../../design";
import { msg, t } from "../../i18n";
import { type Axis, metricSeries } from "./series";

const WAITING = msg("The first version is published once enough labelled samples have come");

/** How good the model was on each sample before it learnt from it. */
export function MetricsPanel({ versions }: { versions: readonly ModelVersion[] }) {
  const [axis, setAxis] = useState<Axis>("version");
  const auc = useMemo(() => metricSeries(versions, "auc", axis), [versions, axis]);
  const logloss = useMemo(() => metricSeries(versions, "logloss", axis), [versions, axis]);
  const x = axis === "time" ? "time" : "number";
  const shared = { group: `model-${axis}`, x, xName: t("version"), range: "fit", waiting: t(WAITING), height: 150 } as const;
  const choice = (
    <SegmentedControl
      aria-label={t("Horizontal axis")}
      data={[
        { value: "version", label: t("By version") },
        { value: "time", label: t("By time") },
      ]}
      value={axis}
      onChange={(value) => setAxis(value as Axis)}
    />
  );
  return (
    <Panel title={t("Progressive metrics")} note={t("each sample is predicted before it is learnt")} actions={choice}>
      <div style={{ display: "grid", gap: 14 }}>
        <TimeSeries title={t("AUC")} series={auc} {...shared} />
        <TimeSeries title={t("Logloss")} series={logloss} {...shared} />
      </div>
    </Panel>
  );
}
