import { Link } from "react-router";

import { type RunSummary, useRunEvents } from "../../api";
import { Ago, type Column, format, Num, placeText, Progress, StatusBadge, urgency } from "../../design";
import { msg, said, t } from "../../i18n";
import { lagSeconds } from "../run/lag";
import { LagText } from "../run/LagText";

/** The newest exception of a run: what its status says, else what its events say. */
function LastException({ run }: { run: RunSummary }) {
  const asked = run.restarts > 0 && run.reason === null;
  const { data } = useRunEvents(asked ? run.id : null);
  const told = data?.results.find((event) => event.kind === "exception");
  const original = run.reason?.message ?? told?.message;
  if (!original) return <span className="p-muted">–</span>;
  const message = said(original);
  const where = placeText({ message, node: run.reason?.node ?? told?.node });
  return (
    <span title={where ? `${message} (${where})` : message}>
      {message}
      {where ? <span className="p-muted"> ({where})</span> : null}
    </span>
  );
}

/** A rate whose unit is in the column's title. */
const perSecond = (id: "rows_in" | "rows_out", title: string): Column<RunSummary> => ({
  id,
  title,
  width: 84,
  align: "end",
  help: msg("Rows a second"),
  cell: (run) => <span title={format.rate(run.rates[id])}>{format.compact(run.rates[id])}</span>,
  sort: (run) => run.rates[id],
});

/** What the fleet shows of each run. */
export const FLEET_COLUMNS: readonly Column<RunSummary>[] = [
  {
    id: "pipeline",
    title: msg("Pipeline"),
    width: 150,
    cell: (run) => (
      <Link to={`/pipelines/${run.pipeline.id}?run=${run.id}`} tabIndex={-1} style={{ color: "var(--p-text)", fontWeight: 600 }}>
        {run.pipeline.slug}
      </Link>
    ),
    sort: (run) => run.pipeline.slug,
  },
  { id: "run", title: msg("Run"), width: 52, align: "end", cell: (run) => run.id, sort: (run) => run.id },
  {
    id: "status",
    title: msg("Status"),
    width: 118,
    cell: (run) => <StatusBadge status={run.status} reason={run.reason?.message} />,
    sort: (run) => urgency(run.status),
    help: msg("Sorted by how much a run needs a person"),
  },
  { id: "since", title: msg("Since"), width: 84, cell: (run) => <Ago at={run.since} />, sort: (run) => run.since },
  { id: "exception", title: msg("Last exception"), help: msg("Why its status is what it is, or what last went wrong"), cell: (run) => <LastException run={run} />, sort: (run) => run.reason?.message },
  perSecond("rows_in", msg("In, rows/s")),
  perSecond("rows_out", msg("Out, rows/s")),
  { id: "lag", title: msg("Lag"), width: 100, align: "end", cell: (run) => <LagText run={run} />, sort: lagSeconds, help: msg("How far event time is behind the clock") },
  {
    id: "checkpoint",
    title: msg("Checkpoint"),
    width: 92,
    cell: (run) => <Ago at={run.checkpoint?.at} />,
    sort: (run) => format.seconds(run.checkpoint?.at),
    help: msg("When the last checkpoint was completed"),
  },
  { id: "restarts", title: msg("Restarts"), width: 74, align: "end", cell: (run) => <Num value={run.restarts} />, sort: (run) => run.restarts },
  { id: "attempt", title: msg("Attempt"), width: 70, align: "end", cell: (run) => <Num value={run.attempt} />, sort: (run) => run.attempt },
  {
    id: "progress",
    title: msg("Progress"),
    width: 138,
    cell: (run) => (run.progress === null ? <span className="p-muted">{t("no end")}</span> : <Progress value={run.progress} label={t("Progress of the run")} width={64} />),
    sort: (run) => run.progress,
  },
  { id: "project", title: msg("Project"), width: 96, cell: (run) => run.pipeline.project, sort: (run) => run.pipeline.project },
];
