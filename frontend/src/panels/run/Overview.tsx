import { SegmentedControl } from "@mantine/core";
import { useMemo } from "react";

import { isFinal } from "../../api/runs";
import type { RunSummary } from "../../api/types";
import { Empty, format, TimeSeries, useNowEvery } from "../../design";
import { seconds } from "../../design/format";
import type { Unit } from "../../design";
import { msg, t } from "../../i18n";
import { useKept } from "./kept";
import { isReplayed, lessOf } from "./lag";
import classes from "./panels.module.css";
import { SPANS, useSeries } from "./series";

interface Chart {
  title: string;
  unit: Unit;
  lines: ReadonlyArray<readonly [name: string, label: string]>;
  area?: boolean;
}

const CHARTS: readonly Chart[] = [
  { title: msg("Throughput"), unit: "rows/s", lines: [["rows_in_rate", msg("in")], ["rows_out_rate", msg("out")]] },
  { title: msg("Event time behind the clock"), unit: "seconds", lines: [["watermark_lag", msg("watermark")], ["behind_seconds", msg("last event read")]] },
  { title: msg("Checkpoint duration"), unit: "seconds", lines: [["checkpoint_seconds", msg("whole")], ["checkpoint_stall_seconds", msg("pause of the stream")]] },
  { title: msg("Checkpoint size"), unit: "bytes", lines: [["checkpoint_bytes", msg("written")], ["state_bytes", msg("state in memory")]] },
  { title: msg("Age of the last checkpoint"), unit: "seconds", lines: [["checkpoint_age", msg("age")]], area: true },
  { title: msg("Busy"), unit: "share", lines: [["busy", msg("of the time")]], area: true },
];
/** In the place of the lag behind the clock, where the past is replayed: that says nothing then. */
const REPLAYED: Chart = { title: msg("Watermark behind the last event read"), unit: "seconds", lines: [["watermark_lag", msg("watermark")]] };
const NAMES = CHARTS.flatMap((chart) => chart.lines.map(([name]) => name));

/** The span that charts of a run show: up to now, or up to its end. */
export function useSpan(run: RunSummary): { span: number; from: number; to: number; until: number | null; name: string; setName: (name: string) => void } {
  const [name, setName] = useKept<string>("span", "15 min");
  const now = useNowEvery(1);
  const until = isFinal(run.status) ? seconds(run.ended_at) : null;
  const span = SPANS[name] ?? 900;
  const to = until ?? now;
  const begun = seconds(run.started_at ?? run.created_at) ?? to - span;
  return { span, from: Math.max(to - span, Math.min(begun, to - 60)), to, until, name, setName };
}

export function SpanChoice({ name, setName }: { name: string; setName: (name: string) => void }) {
  return <SegmentedControl data={Object.entries(SPANS).map(([value, span]) => ({ value, label: format.coarse(span) }))} value={name} onChange={setName} aria-label={t("Span of the charts")} />;
}

/** Throughput, lag and checkpoints of a run, over time. */
export function Overview({ run }: { run: RunSummary | null }) {
  if (!run) return <Empty title={t("Nothing runs yet")}>{t("Start the pipeline to see its throughput, lag and checkpoints here, each second.")}</Empty>;
  return <Charts run={run} />;
}

function Charts({ run }: { run: RunSummary }) {
  const { span, from, to, until, name, setName } = useSpan(run);
  const series = useSeries(run.id, "", NAMES, span, until);
  const drawn = useMemo(() => {
    const last = series.behind_seconds ?? [];
    const replayed = isReplayed(last.findLast(([, value]) => value !== null)?.[1] ?? 0);
    const points = (key: string) => (replayed && key === "watermark_lag" ? lessOf(series[key] ?? [], last) : series[key] ?? []);
    return CHARTS.map((each) => (replayed && each.lines[0]?.[0] === "watermark_lag" ? REPLAYED : each)).map((chart) => ({
      ...chart,
      series: chart.lines.map(([key, label], i) => ({ key, name: t(label), points: points(key), area: chart.area || (i === 0 && chart.lines.length > 1) })),
    }));
  }, [series]);
  return (
    <div className={classes.column}>
      <div className={classes.bar}>
        <SpanChoice name={name} setName={setName} />
        <span className="p-muted">{until ? t("up to its end") : t("live")}</span>
      </div>
      <div className={`${classes.rows} ${classes.charts}`}>
        {drawn.map((chart) => (
          <TimeSeries key={chart.title} title={t(chart.title)} unit={chart.unit} series={chart.series} from={from} to={to} group="run" height={104} />
        ))}
      </div>
    </div>
  );
}
