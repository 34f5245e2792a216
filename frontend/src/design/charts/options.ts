import type { EChartsCoreOption } from "echarts/core";

import { clock, compact, quantity, type Unit } from "../format";
import type { Tokens } from "../tokens";
import { type Series, spacing, withGaps } from "./series";
import { decimalsOf, stepsOf } from "./steps";

export interface TimeOptions {
  unit: Unit;
  /** Unix seconds of the axis' ends; of the data where null. */
  from: number | null;
  to: number | null;
  /** Ends of the value axis; from zero, or just around the values with "fit". */
  range: "zero" | "fit" | readonly [number, number];
  /** A horizontal line with a name, such as a mark to reach. */
  mark?: { value: number; name: string } | null;
  /** What the x axis counts: times, or plain numbers such as versions. */
  x: "time" | "number";
}

export function axisLook(theme: Tokens) {
  return {
    axisLine: { show: true, lineStyle: { color: theme.lineStrong } },
    axisTick: { show: false },
    axisLabel: { color: theme.muted, fontSize: 11, fontFamily: "Inter Variable", hideOverlap: true },
    splitLine: { lineStyle: { color: theme.line } },
  };
}

function tick(value: number, unit: Unit, decimals: number | null): string {
  if (unit !== "" && unit !== "rows" && unit !== "rows/s") return quantity(value, unit);
  return decimals === null ? compact(value) : value.toFixed(decimals);
}

/** ECharts' option of lines over time. */
export function timeOption(series: readonly Series[], theme: Tokens, options: TimeOptions): EChartsCoreOption {
  const look = axisLook(theme);
  const timed = options.x === "time";
  const scale = timed ? 1e3 : 1;
  const decimals = options.range === "fit" && options.unit === "" ? decimalsOf(series) : null;
  return {
    animation: false,
    grid: { left: 4, right: 10, top: 8, bottom: 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: { show: true, trigger: "axis", showContent: false },
    axisPointer: { type: "line", snap: false, lineStyle: { color: theme.muted, type: "solid" }, label: { show: false } },
    xAxis: {
      type: timed ? "time" : "value",
      min: options.from === null ? (timed ? undefined : "dataMin") : options.from * scale,
      max: options.to === null ? (timed ? undefined : "dataMax") : options.to * scale,
      ...look,
      splitLine: { show: false },
      axisLabel: {
        ...look.axisLabel,
        ...(timed ? { formatter: (value: number) => shortClock(value / 1e3, (options.to ?? 0) - (options.from ?? 0)) } : {}),
      },
    },
    yAxis: {
      type: "value",
      splitNumber: 3,
      ...bounds(options.range),
      ...(options.range === "zero" ? stepsOf(series, options.unit) : null),
      ...look,
      axisLine: { show: false },
      axisLabel: { ...look.axisLabel, formatter: (value: number) => tick(value, options.unit, decimals) },
    },
    series: series.map((one, index) => lineOf(one, theme, index, scale, timed, index === 0 ? options.mark : null)),
  };
}

function bounds(range: TimeOptions["range"]) {
  if (range === "zero") return { min: (value: { min: number }) => Math.min(0, value.min) };
  if (range === "fit") return { scale: true };
  return { min: range[0], max: range[1] };
}

function shortClock(at: number, span: number): string {
  if (span > 2 * 86400) {
    const date = new Date(at * 1e3);
    return `${date.getMonth() + 1}/${date.getDate()} ${clock(at).slice(0, 5)}`;
  }
  return span > 0 && span <= 600 ? clock(at) : clock(at).slice(0, 5);
}

function lineOf(one: Series, theme: Tokens, index: number, scale: number, timed: boolean, mark: TimeOptions["mark"]) {
  const color = theme.series[(one.color ?? index) % theme.series.length];
  const usual = timed ? spacing(one.points) : null;
  const points = usual === null ? one.points : withGaps(one.points, Math.max(usual * 3.5, 5));
  return {
    id: one.key,
    name: one.name,
    type: "line",
    data: points.map(([at, value]) => [at * scale, value]),
    showSymbol: points.length === 1,
    symbolSize: 5,
    connectNulls: false,
    step: one.step ? "end" : false,
    sampling: "lttb",
    silent: true,
    lineStyle: { width: one.faint ? 1 : 1.6, opacity: one.faint ? 0.55 : 1, color, type: one.dashed ? "dashed" : "solid" },
    itemStyle: { color },
    ...(one.area ? { areaStyle: { color, opacity: 0.12 } } : {}),
    ...(mark ? { markLine: markOf(mark, theme) } : {}),
  };
}

function markOf(mark: { value: number; name: string }, theme: Tokens) {
  return {
    silent: true,
    symbol: "none",
    data: [{ yAxis: mark.value }],
    lineStyle: { color: theme.muted, type: "dashed" },
    label: { formatter: mark.name, color: theme.muted, fontSize: 11, position: "insideEndTop" },
  };
}
