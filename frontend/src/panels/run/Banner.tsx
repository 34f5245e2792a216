import { IconAlertTriangle, IconCircleX, IconDropletOff } from "@tabler/icons-react";

import { useRunEvents } from "../../api/runs";
import type { RunSummary, SnapshotWarning } from "../../api/types";
import { Ago } from "../../design";
import { plural, said, t } from "../../i18n";
import { type WhyCause, useWatching } from "../why/why";
import { useFigures } from "./figures";
import classes from "./panels.module.css";
import { useStaleness } from "./stale";

interface BannerProps {
  run: RunSummary | null;
  onWhy: () => void;
  onShow: (node: string, property: string | null) => void;
}

const TROUBLED = new Set(["FAILED", "QUEUED", "RESTARTING", "STUCK"]);

/** Why a run is in trouble, and the way to the node that is. */
export function Banner({ run, onShow, onWhy }: BannerProps) {
  const causes = useWatching(run);
  useStaleness(run);
  if (!run) return null;
  if (run.reason && TROUBLED.has(run.status)) return <Reason run={run} reason={run.reason} onShow={onShow} />;
  if (causes[0]) return <NoOutput cause={causes[0]} more={causes.length - 1} onShow={onShow} onWhy={onWhy} />;
  return <Warnings onShow={onShow} />;
}

/** Where the rows end that some sink waits for. */
function NoOutput({ cause, more, onShow, onWhy }: { cause: WhyCause; more: number; onShow: BannerProps["onShow"]; onWhy: () => void }) {
  return (
    <div className={classes.banner} data-tone="warning" role="status">
      <IconDropletOff size={16} aria-hidden />
      <span style={{ minWidth: 0 }}>
        <strong>{t("No output:")} {said(cause.message)}.</strong> {t("Next:")} {said(cause.hint)}
      </span>
      {cause.node ? <button type="button" className={classes.link} onClick={() => onShow(cause.node, null)}>{t("Show {node}", { node: cause.node })}</button> : null}
      <button type="button" className={classes.link} onClick={onWhy}>{more ? plural(more, "Why, and {count} more", "Why, and {count} more") : t("Why no output?")}</button>
    </div>
  );
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
        <strong>{said(first.message)}</strong> <span className="p-muted">({first.code})</span> {said(first.hint ?? "")}
        {warnings.length > 1 ? <span className="p-muted"> {plural(warnings.length - 1, "And {count} more.", "And {count} more.")}</span> : null}
      </span>
      {first.node ? <button type="button" className={classes.link} onClick={() => onShow(first.node ?? "", null)}>{t("Show {node}", { node: first.node })}</button> : null}
    </div>
  );
}

/** Where the row at fault stands, and what was read of it. */
export function recordText(record: unknown): string {
  if (typeof record !== "object" || record === null) return "";
  const { source, first, last, values } = record as { source?: string; first?: number; last?: number; values?: Array<string | null> };
  const where = source && first !== undefined ? t("In rows {first} to {last} of {source}.", { first, last: last ?? first, source }) : "";
  const read = values?.length ? t("It read {values}.", { values: values.map((value) => value ?? "NULL").join(", ") }) : "";
  return [where, read].filter(Boolean).join(" ");
}

function Reason({ run, reason, onShow }: { run: RunSummary; reason: NonNullable<RunSummary["reason"]>; onShow: BannerProps["onShow"] }) {
  const { message, hint, node, code } = reason;
  const { data } = useRunEvents(run.id);
  const property = data?.results.find((event) => event.kind === "exception" && event.node === node)?.data.property;
  const known = typeof property === "string" ? property : null;
  const record = recordText(data?.results.find((event) => event.kind === "exception" && event.node === node)?.data.record);
  const Icon = run.status === "FAILED" ? IconCircleX : IconAlertTriangle;
  return (
    <div className={classes.banner} role="alert">
      <Icon size={16} aria-hidden />
      <span style={{ minWidth: 0 }}>
        <strong>{said(message)}</strong> <span className="p-muted">· {code} · <Ago at={run.since} /></span>
        {hint ? <> {said(hint)}</> : null}
        {record ? <> <span className="p-muted">{record}</span></> : null}
      </span>
      {node ? <button type="button" className={classes.link} onClick={() => onShow(node, known)}>{t("Show {node}", { node: known ? `${node}.${known}` : node })}</button> : null}
    </div>
  );
}
