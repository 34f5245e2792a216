import type { EChartsCoreOption } from "echarts/core";
import { useMemo } from "react";

import { t } from "../../i18n";
import { compact, percent } from "../format";
import type { Tokens } from "../tokens";
import classes from "./Chart.module.css";
import { axisLook } from "./options";
import { useChart, useTokens } from "./useChart";

/** Of one bin of probability: samples, the sum of what was predicted, how many were positive. */
export type ReliabilityBin = readonly [count: number, sum: number, positives: number];

/** The mean distance between what is predicted and what happens, weighted by samples; null without samples. */
export function calibrationError(bins: readonly ReliabilityBin[]): number | null {
  const all = bins.reduce((sum, [count]) => sum + count, 0);
  if (all === 0) return null;
  return bins.reduce((sum, [, predicted, positives]) => sum + Math.abs(predicted - positives), 0) / all;
}

/** For each bin with samples: mean prediction, share of positives, samples. */
export function curve(bins: readonly ReliabilityBin[]): [number, number, number][] {
  return bins.filter(([count]) => count > 0).map(([count, sum, positives]) => [sum / count, positives / count, count]);
}

function option(bins: readonly ReliabilityBin[], theme: Tokens): EChartsCoreOption {
  const look = axisLook(theme);
  const share = { type: "value", min: 0, max: 1, ...look, axisLabel: { ...look.axisLabel, formatter: (value: number) => percent(value) } };
  const width = 1 / Math.max(1, bins.length);
  return {
    animation: false,
    grid: [
      { left: 52, right: 12, top: 8, bottom: 96 },
      { left: 52, right: 12, height: 44, bottom: 34 },
    ],
    xAxis: [
      { ...share, axisLabel: { show: false } },
      { ...share, gridIndex: 1, name: t("predicted"), nameLocation: "middle", nameGap: 22, nameTextStyle: { color: theme.muted, fontSize: 11 }, splitLine: { show: false } },
    ],
    yAxis: [
      { ...share, name: "" },
      { type: "value", gridIndex: 1, splitNumber: 1, ...look, splitLine: { show: false }, axisLabel: { ...look.axisLabel, formatter: (value: number) => compact(value) } },
    ],
    series: [
      { type: "line", data: [[0, 0], [1, 1]], showSymbol: false, silent: true, lineStyle: { color: theme.lineStrong, type: "dashed", width: 1.2 } },
      {
        type: "line",
        data: curve(bins),
        symbol: "circle",
        symbolSize: 6,
        lineStyle: { color: theme.series[0], width: 1.6 },
        itemStyle: { color: theme.series[0] },
      },
      {
        type: "bar",
        xAxisIndex: 1,
        yAxisIndex: 1,
        data: bins.map(([count], index) => [(index + 0.5) * width, count]),
        barWidth: "80%",
        itemStyle: { color: theme.series[6], opacity: 0.7 },
        silent: true,
      },
    ],
    tooltip: {
      trigger: "item",
      backgroundColor: theme.raised,
      borderColor: theme.lineStrong,
      textStyle: { color: theme.text, fontSize: 12 },
      formatter: ({ value }: { value: number[] }) =>
        t("predicted {predicted}, happened {happened}, {count} samples", { predicted: percent(value[0]), happened: percent(value[1]), count: compact(value[2]) }),
    },
  };
}

/** How often what is predicted happens: on the diagonal a model says what it knows. Below: samples in each bin. */
export function Reliability({ bins, height = 300 }: { bins: readonly ReliabilityBin[]; height?: number }) {
  const theme = useTokens();
  const drawn = useMemo(() => option(bins, theme), [bins, theme]);
  const { ref } = useChart(drawn);
  const error = calibrationError(bins);
  const label = t("Reliability curve of {count} bins; expected calibration error {error}", { count: curve(bins).length, error: percent(error) });
  return (
    <figure className={classes.figure} aria-label={t("Calibration")}>
      <figcaption className={classes.head}>
        <span className={classes.title}>{t("Happened, by what was predicted")}</span>
        <span className={classes.at}>{t("expected calibration error {error}", { error: percent(error) })}</span>
      </figcaption>
      <div className={classes.box}>
        <div ref={ref} style={{ height }} role="img" aria-label={label} />
        {error === null ? <div className={classes.waiting}>{t("No labelled samples yet")}</div> : null}
      </div>
    </figure>
  );
}
