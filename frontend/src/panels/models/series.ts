import type { ModelVersion } from "../../api";
import { format, type Point, type Series } from "../../design";
import { t } from "../../i18n";

export type Axis = "time" | "version";
type Metric = "auc" | "logloss";

const NAMES: Readonly<Record<Metric, { window: keyof ModelVersion; all: keyof ModelVersion }>> = {
  auc: { window: "window_auc", all: "auc" },
  logloss: { window: "window_logloss", all: "logloss" },
};

function points(versions: readonly ModelVersion[], name: keyof ModelVersion, axis: Axis): Point[] {
  return versions.flatMap((one): Point[] => {
    const at = axis === "version" ? one.version : format.seconds(one.published_at);
    const value = one[name];
    return at === null ? [] : [[at, typeof value === "number" ? value : null]];
  });
}

/** A metric of each version: over its window, which is what came since the version before, and over all samples so far. */
export function metricSeries(versions: readonly ModelVersion[], metric: Metric, axis: Axis): Series[] {
  const { window, all } = NAMES[metric];
  return [
    { key: "window", name: t("each window"), points: points(versions, window, axis), color: 6, faint: true },
    { key: "all", name: t("all samples so far"), points: points(versions, all, axis), color: 0 },
  ];
}
