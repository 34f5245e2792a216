import { type ReactNode, useEffect, useId, useMemo, useState } from "react";

import { about, listed, t } from "../../i18n";
import { clock, moment, number, quantity, type Unit } from "../format";
import classes from "./Chart.module.css";
import { useHover } from "./hover";
import { timeOption, type TimeOptions } from "./options";
import { AXIS_UNIT, type Series, valueAt } from "./series";
import { useChart, useTokens } from "./useChart";

export type { Point, Series } from "./series";

export interface TimeSeriesProps {
  title: string;
  unit?: Unit;
  series: readonly Series[];
  height?: number;
  /** Charts of one group show the same moment under the pointer. */
  group?: string;
  from?: number | null;
  to?: number | null;
  range?: TimeOptions["range"];
  mark?: TimeOptions["mark"];
  x?: "time" | "number";
  /** What the x axis counts where it is not times. */
  xName?: string;
  /** Said instead of lines while there are none. */
  waiting?: ReactNode;
}

/** Lines over time with a legend of their values: the newest, or those under the pointer. */
export function TimeSeries(props: TimeSeriesProps) {
  const { title, unit = "", series, height = 120, group = "", x = "time", xName = "", waiting = t("Waiting for the first value") } = props;
  const { from = null, to = null, range = "zero", mark = null } = props;
  const theme = useTokens();
  const own = useId();
  const name = group || own;
  const at = useHover((hover) => hover.at[name] ?? null);
  const [hidden, setHidden] = useState<readonly string[]>([]);
  const shown = useMemo(() => series.filter((one) => !hidden.includes(one.key)), [series, hidden]);
  const colored = useMemo(() => withColors(series, shown), [series, shown]);
  const option = useMemo(
    () => timeOption(colored, theme, { unit, from, to, range, mark, x }),
    [colored, theme, unit, from, to, range, mark, x],
  );
  const { ref, chart } = useChart(option);
  usePointer(chart, name, x === "time" ? 1e3 : 1);
  const empty = series.every((one) => one.points.every(([, value]) => value === null));
  const label = about(title, listed(series.map((one) => `${one.name} ${quantity(valueAt(one.points, null), unit)}`)));
  return (
    <figure className={classes.figure} aria-label={title}>
      <figcaption className={classes.head}>
        <span className={classes.title}>{title}</span>
        <span className={classes.unit}>{t(AXIS_UNIT[unit])}</span>
        <span className={classes.at} title={x === "time" && at !== null ? moment(at) : undefined}>
          {at === null ? "" : x === "time" ? clock(at) : `${xName} ${number(Math.round(at))}`}
        </span>
      </figcaption>
      <Legend series={series} hidden={hidden} onToggle={(key) => setHidden(toggled(hidden, key))} unit={unit} at={at} />
      <div className={classes.box}>
        <div ref={ref} style={{ height }} role="img" aria-label={empty ? t("{title}: no values yet", { title }) : label} />
        {empty ? <div className={classes.waiting}>{waiting}</div> : null}
      </div>
    </figure>
  );
}

/** Hiding a series does not change the colours of the others. */
function withColors(all: readonly Series[], shown: readonly Series[]): Series[] {
  return shown.map((one) => ({ ...one, color: one.color ?? all.indexOf(one) }));
}

function toggled(hidden: readonly string[], key: string): readonly string[] {
  return hidden.includes(key) ? hidden.filter((one) => one !== key) : [...hidden, key];
}

interface LegendProps {
  series: readonly Series[];
  hidden: readonly string[];
  onToggle: (key: string) => void;
  unit: Unit;
  at: number | null;
}

function Legend({ series, hidden, onToggle, unit, at }: LegendProps) {
  return (
    <ul className={classes.legend}>
      {series.map((one, index) => (
        <li key={one.key}>
          <button type="button" className={classes.entry} aria-pressed={!hidden.includes(one.key)} onClick={() => onToggle(one.key)}>
            <span className={classes.swatch} style={{ background: `var(--p-series-${(one.color ?? index) % 8})` }} aria-hidden />
            {one.name}
            <span className={`${classes.value} p-number`}>{quantity(valueAt(one.points, at), unit)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Tells the group what is under the pointer, and shows what another chart of it points at. */
function usePointer(chart: ReturnType<typeof useChart>["chart"], group: string, scale: number) {
  useEffect(() => {
    if (!chart) return undefined;
    const pointer = chart.getZr();
    const { point } = useHover.getState();
    const onMove = (event: { offsetX: number; offsetY: number }) => {
      const [value] = chart.convertFromPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]) as [number, number];
      point(group, Number.isFinite(value) ? value / scale : null);
    };
    const onLeave = () => point(group, null);
    pointer.on("mousemove", onMove);
    pointer.on("globalout", onLeave);
    const stop = useHover.subscribe((now, before) => {
      const at = now.at[group] ?? null;
      if (at === (before.at[group] ?? null)) return;
      if (at === null) chart.dispatchAction({ type: "hideTip" });
      else chart.dispatchAction({ type: "showTip", x: chart.convertToPixel({ xAxisIndex: 0 }, at * scale), y: chart.getHeight() / 2 });
    });
    return () => {
      stop();
      pointer.off("mousemove", onMove);
      pointer.off("globalout", onLeave);
    };
  }, [chart, group, scale]);
}
