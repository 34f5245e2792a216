import { Link } from "react-router";

import { type RunSummary, useRunEvents } from "../../api";
import { Ago, type Column, Duration, format, Num, placeText, Progress, Rate, StatusBadge, urgency } from "../../design";

/** The newest exception of a run: what its status says, else what its events say. */
function LastException({ run }: { run: RunSummary }) {
  const asked = run.restarts > 0 && run.reason === null;
  const { data } = useRunEvents(asked ? run.id : null);
  const told = data?.results.find((event) => event.kind === "exception");
  const message = run.reason?.message ?? told?.message;
  if (!message) return <span className="p-muted">–</span>;
  const where = placeText({ message, node: run.reason?.node ?? told?.node });
  return (
    <span title={where ? `${message} (${where})` : message}>
      {where ? <span className="p-muted">{where}: </span> : null}
      {message}
    </span>
  );
}

const checkpointAge = (run: RunSummary): number | null => format.seconds(run.checkpoint?.at);

/** What the fleet shows of each run. */
export const FLEET_COLUMNS: readonly Column<RunSummary>[] = [
  {
    id: "pipeline",
    title: "Pipeline",
    width: 190,
    cell: (run) => (
      <Link to={`/pipelines/${run.pipeline.id}?run=${run.id}`} tabIndex={-1} style={{ color: "var(--p-text)", fontWeight: 600 }}>
        {run.pipeline.slug}
      </Link>
    ),
    sort: (run) => run.pipeline.slug,
  },
  { id: "run", title: "Run", width: 62, align: "end", cell: (run) => run.id, sort: (run) => run.id },
  { id: "project", title: "Project", width: 100, cell: (run) => run.pipeline.project, sort: (run) => run.pipeline.project },
  {
    id: "status",
    title: "Status",
    width: 122,
    cell: (run) => <StatusBadge status={run.status} reason={run.reason?.message} />,
    sort: (run) => urgency(run.status),
    help: "Sorted by how much a run needs a person",
  },
  { id: "since", title: "Since", width: 88, cell: (run) => <Ago at={run.since} />, sort: (run) => run.since },
  { id: "in", title: "Rows in", width: 108, align: "end", cell: (run) => <Rate value={run.rates.rows_in} />, sort: (run) => run.rates.rows_in },
  { id: "out", title: "Rows out", width: 108, align: "end", cell: (run) => <Rate value={run.rates.rows_out} />, sort: (run) => run.rates.rows_out },
  { id: "lag", title: "Lag", width: 84, align: "end", cell: (run) => <Duration value={run.lag_seconds} />, sort: (run) => run.lag_seconds, help: "How far event time is behind the clock" },
  {
    id: "checkpoint",
    title: "Checkpoint",
    width: 92,
    cell: (run) => <Ago at={run.checkpoint?.at} />,
    sort: checkpointAge,
    help: "When the last checkpoint was completed",
  },
  { id: "restarts", title: "Restarts", width: 76, align: "end", cell: (run) => <Num value={run.restarts} />, sort: (run) => run.restarts },
  { id: "attempt", title: "Attempt", width: 74, align: "end", cell: (run) => <Num value={run.attempt} />, sort: (run) => run.attempt },
  {
    id: "progress",
    title: "Progress",
    width: 160,
    cell: (run) => (run.progress === null ? <span className="p-muted">no end</span> : <Progress value={run.progress} label="Progress of the run" width={80} />),
    sort: (run) => run.progress,
  },
  { id: "exception", title: "Reason or last exception", cell: (run) => <LastException run={run} />, sort: (run) => run.reason?.message },
];
