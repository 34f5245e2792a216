import { IconAlertTriangle, IconCircleX } from "@tabler/icons-react";

import type { RunSummary } from "../../api/types";
import { Ago } from "../../design";
import classes from "./panels.module.css";

interface BannerProps {
  run: RunSummary | null;
  onShow: (node: string) => void;
}

const TROUBLED = new Set(["FAILED", "RESTARTING", "STUCK"]);

/** Why a run is in trouble, and the way to the node that is. */
export function Banner({ run, onShow }: BannerProps) {
  if (!run?.reason || !TROUBLED.has(run.status)) return null;
  const { message, hint, node, code } = run.reason;
  const Icon = run.status === "FAILED" ? IconCircleX : IconAlertTriangle;
  return (
    <div className={classes.banner} role="alert">
      <Icon size={16} aria-hidden />
      <span style={{ minWidth: 0 }}>
        <strong>{message}</strong> <span className="p-muted">({code}, <Ago at={run.since} />)</span>
        {hint ? <> {hint}</> : null}
      </span>
      {node ? <button type="button" className={classes.link} onClick={() => onShow(node)}>Show {node}</button> : null}
    </div>
  );
}
