import { useMemo } from "react";

import { isFinal, joined, livePoints, type Point, SUMMARY_RATE, useLive, useMetrics, type RunSummary } from "../../api";
import { format, Sparkline, useNowEvery } from "../../design";
import { t } from "../../i18n";

const SPAN_SECONDS = 600;
const STEPS = 60;
const STEP_SECONDS = SPAN_SECONDS / STEPS;
const KEPT = { node: [""], name: ["rows_in_rate"] };

/** The mean of each of `STEPS` equal stretches of the last ten minutes; null where nothing came. */
export function steps(points: readonly Point[], now: number, span = SPAN_SECONDS, count = STEPS): (number | null)[] {
  const sums = Array.from({ length: count }, () => ({ total: 0, count: 0 }));
  for (const [at, value] of points) {
    const place = sums[Math.floor(((at - (now - span)) / span) * count)];
    if (place && value !== null) {
      place.total += value;
      place.count += 1;
    }
  }
  return sums.map((one) => (one.count > 0 ? one.total / one.count : null));
}

/** Rows a second of the last ten minutes: what was kept, then what summaries tell. */
export function RateSparkline({ run }: { run: RunSummary }) {
  const { data } = useMetrics(isFinal(run.status) ? null : run.id, KEPT);
  const now = useNowEvery(STEP_SECONDS);
  const latest = useLive((state) => state.runs[run.id]);
  const values = useMemo(() => {
    const kept = (data?.series[0]?.points ?? []).map(([at, mean]): Point => [at, mean]);
    return steps(joined(kept, livePoints(run.id, "", SUMMARY_RATE)), now + STEP_SECONDS);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the latest summary is what says that live points came
  }, [data, run.id, latest, now]);
  return <Sparkline values={values} label={t("Rows read in the last ten minutes, now {rate}", { rate: format.rate(run.rates.rows_in) })} />;
}
