import { SegmentedControl } from "@mantine/core";
import { useMemo } from "react";

import { isFinal } from "../../api/runs";
import type { RunSummary } from "../../api/types";
import { Empty, TimeSeries, useNowEvery } from "../../design";
import { seconds } from "../../design/format";
import type { Unit } from "../../design";
import { useKept } from "./kept";
import classes from "./panels.module.css";
import { SPANS, useSeries } from "./series";

interface Chart {
  title: string;
  unit: Unit;
  lines: ReadonlyArray<readonly [name: string, label: string]>;
  area?: boolean;
}

const CHARTS: readonly Chart[] = [
  { title: "Throughput", unit: "rows/s", lines: [["rows_in_rate", "in"], ["rows_out_rate", "out"]] },
  { title: "Event time behind the clock", unit: "seconds", lines: [["watermark_lag", "watermark"], ["behind_seconds", "last event read"]] },
  { title: "Checkpoint duration", unit: "seconds", lines: [["checkpoint_seconds", "whole"], ["checkpoint_stall_seconds", "pause of the stream"]] },
  { title: "Checkpoint size", unit: "bytes", lines: [["checkpoint_bytes", "written"], ["state_bytes", "state in memory"]] },
  { title: "Age of the last checkpoint", unit: "seconds", lines: [["checkpoint_age", "age"]], area: true },
  { title: "Busy", unit: "share", lines: [["busy", "of the time"]], area: true },
];
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
  return <SegmentedControl data={Object.keys(SPANS)} value={name} onChange={setName} aria-label="Span of the charts" />;
}

/** Throughput, lag and checkpoints of a run, over time. */
export function Overview({ run }: { run: RunSummary | null }) {
  if (!run) return <Empty title="Nothing runs yet">Start the pipeline to see its throughput, lag and checkpoints here, each second.</Empty>;
  return <Charts run={run} />;
}

function Charts({ run }: { run: RunSummary }) {
  const { span, from, to, until, name, setName } = useSpan(run);
  const series = useSeries(run.id, "", NAMES, span, until);
  const drawn = useMemo(() => CHARTS.map((chart) => ({
    ...chart,
    series: chart.lines.map(([key, label], i) => ({ key, name: label, points: series[key] ?? [], area: chart.area || (i === 0 && chart.lines.length > 1) })),
  })), [series]);
  return (
    <div className={classes.column}>
      <div className={classes.bar}>
        <SpanChoice name={name} setName={setName} />
        <span className="p-muted">{until ? "up to its end" : "live"}</span>
      </div>
      <div className={`${classes.rows} ${classes.charts}`}>
        {drawn.map((chart) => (
          <TimeSeries key={chart.title} title={chart.title} unit={chart.unit} series={chart.series} from={from} to={to} group="run" height={104} />
        ))}
      </div>
    </div>
  );
}
