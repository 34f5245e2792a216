import type { RunSummary } from "../../api/types";
import { format } from "../../design";
import { t } from "../../i18n";
import { lagOfRun } from "./lag";

/** A run's lag in a line; that the past is replayed is said with it. */
export function LagText({ run }: { run: RunSummary | null }) {
  const lag = lagOfRun(run);
  if (lag === null) return <span>–</span>;
  const behind = format.duration(run?.newest_seconds);
  return (
    <span className="p-number" title={lag.replayed ? t("The past is replayed: its newest event is {time} behind the clock. Lag is how far the slowest source is behind that event.", { time: behind }) : t("How far event time is behind the clock")}>
      {lag.replayed ? t("{lag} (replay)", { lag: format.duration(lag.seconds) }) : format.duration(lag.seconds)}
    </span>
  );
}
