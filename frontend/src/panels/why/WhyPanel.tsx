import type { RunSummary } from "../../api/types";
import { Empty, ErrorNote, Tag } from "../../design";
import { about, msg, plural, said, t } from "../../i18n";
import classes from "../run/panels.module.css";
import { type WhyCause, useWhy } from "./why";

const NAMES: Readonly<Record<string, string>> = {
  filter_drops_all: msg("leaves out all rows"),
  sink_filters_all: msg("writes no row of those that come"),
  no_match: msg("no key matches"),
  null_keys: msg("keys are NULL"),
  time_out_of_range: msg("times do not meet"),
  condition_false: msg("its condition is never true"),
  all_late: msg("rows come too late"),
  idle_source: msg("holds the watermark"),
  window_open: msg("the window is open"),
  label_waits: msg("labels are not known yet"),
  watermark_waits: msg("waits for the watermark"),
  lookup_misses: msg("look-ups find nothing"),
  lookup_waits: msg("waits for look-ups"),
  no_data: msg("gives no rows"),
  unreadable: msg("records cannot be read"),
  source_away: msg("cannot be read"),
  sink_away: msg("cannot be written"),
  uncommitted: msg("not to be seen yet"),
  disabled: msg("switched off"),
  not_running: msg("the run does not get on"),
};

interface WhyPanelProps {
  run: RunSummary | null;
  onSelect: (node: string) => void;
}

/** For each sink that got nothing: where its rows end, why they do, and what to do about it. */
export function WhyPanel({ run, onSelect }: WhyPanelProps) {
  const { data, error, isPending, refetch } = useWhy(run?.id ?? null, true);
  if (!run) return <Empty title={t("Nothing runs yet")}>{t("Once the pipeline runs and a sink stays empty, this says where its rows end, and why.")}</Empty>;
  if (error) return <ErrorNote error={error} onRetry={() => void refetch()} />;
  if (isPending) return <Empty title={t("Looking")}>{t("The figures of each node are being followed from the sources on.")}</Empty>;
  if (!data.causes.length) {
    return <Empty title={t("Every sink gets rows")}>{data.sinks.map((sink) => about(sink.node, plural(sink.rows ?? 0, "{count} row", "{count} rows"))).join(" · ")}</Empty>;
  }
  return (
    <ul className={classes.scroll} style={{ margin: 0, padding: 0, listStyle: "none" }} aria-label={t("Why no output?")}>
      {data.causes.map((cause) => <Cause key={`${cause.code} ${cause.node}`} cause={cause} onSelect={onSelect} />)}
    </ul>
  );
}

function Cause({ cause, onSelect }: { cause: WhyCause; onSelect: (node: string) => void }) {
  return (
    <li className={classes.event} style={{ alignItems: "flex-start", flexDirection: "column", gap: 4, padding: "10px 14px" }}>
      <span>
        {cause.node ? <><NodeLink node={cause.node} onSelect={onSelect} />{" "}</> : null}
        <Tag tone="warning">{t(NAMES[cause.code] ?? msg("swallows the rows"))}</Tag>
      </span>
      <span>{said(cause.message)}</span>
      <span className="p-muted">{t("Next:")} {said(cause.hint)}</span>
      <Record facts={cause.facts} />
      <span className="p-muted">
        {cause.sinks.length ? <>{t("Without rows:")} {cause.sinks.map((sink) => <NodeLink key={sink} node={sink} onSelect={onSelect} />)} </> : null}
        {cause.related.length ? <>{t("Has a part in it:")} {cause.related.map((node) => <NodeLink key={node} node={node} onSelect={onSelect} />)}</> : null}
      </span>
    </li>
  );
}

function NodeLink({ node, onSelect }: { node: string; onSelect: (node: string) => void }) {
  return <button type="button" className={classes.link} style={{ marginRight: 6 }} onClick={() => onSelect(node)}>{node}</button>;
}

/** The first record that could not be read, as it came. */
function Record({ facts }: { facts: WhyCause["facts"] }) {
  const record = facts.record as { text?: string | null; place?: unknown } | undefined;
  if (!record?.text) return null;
  return <code className={classes.raw}>{record.text}</code>;
}
