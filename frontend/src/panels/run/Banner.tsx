import { IconAlertTriangle, IconCircleX } from "@tabler/icons-react";

import { useRunEvents } from "../../api/runs";
import type { RunSummary, SnapshotWarning } from "../../api/types";
import { Ago } from "../../design";
import { useFigures } from "./figures";
import classes from "./panels.module.css";

interface BannerProps {
  run: RunSummary | null;
  onShow: (node: string, property: string | null) => void;
}

const TROUBLED = new Set(["FAILED", "QUEUED", "RESTARTING", "STUCK"]);

/** Why a run is in trouble, and the way to the node that is. */
export function Banner({ run, onShow }: BannerProps) {
  if (!run) return null;
  if (run.reason && TROUBLED.has(run.status)) return <Reason run={run} reason={run.reason} onShow={onShow} />;
  return <Warnings onShow={onShow} />;
}

const NOTHING: readonly SnapshotWarning[] = [];

/** What a person should know of a job that runs all the same: state that grows without bound. */
function Warnings({ onShow }: { onShow: BannerProps["onShow"] }) {
  const warnings = useFigures((state) => (state.over ? NOTHING : (state.snapshot?.warnings ?? NOTHING)));
  const [first] = warnings;
  if (!first) return null;
  return (
    <div className={classes.banner} data-tone="warning" role="status">
      <IconAlertTriangle size={16} aria-hidden />
      <span style={{ minWidth: 0 }}>
        <strong>{first.message}</strong> <span className="p-muted">({first.code})</span> {first.hint}
        {warnings.length > 1 ? <span className="p-muted"> And {warnings.length - 1} more.</span> : null}
      </span>
      {first.node ? <button type="button" className={classes.link} onClick={() => onShow(first.node ?? "", null)}>Show {first.node}</button> : null}
    </div>
  );
}

function Reason({ run, reason, onShow }: { run: RunSummary; reason: NonNullable<RunSummary["reason"]>; onShow: BannerProps["onShow"] }) {
  const { message, hint, node, code } = reason;
  const { data } = useRunEvents(run.id);
  const property = data?.results.find((event) => event.kind === "exception" && event.node === node)?.data.property;
  const known = typeof property === "string" ? property : null;
  const Icon = run.status === "FAILED" ? IconCircleX : IconAlertTriangle;
  return (
    <div className={classes.banner} role="alert">
      <Icon size={16} aria-hidden />
      <span style={{ minWidth: 0 }}>
        <strong>{message}</strong> <span className="p-muted">({code}, <Ago at={run.since} />)</span>
        {hint ? <> {hint}</> : null}
      </span>
      {node ? <button type="button" className={classes.link} onClick={() => onShow(node, known)}>Show {known ? `${node}.${known}` : node}</button> : null}
    </div>
  );
}
