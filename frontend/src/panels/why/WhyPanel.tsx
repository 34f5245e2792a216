import type { RunSummary } from "../../api/types";
import { Empty, ErrorNote } from "../../design";
import { about, plural, t } from "../../i18n";
import classes from "../run/panels.module.css";
import { Cause, NodeLink } from "./Cause";
import { type WhyCause, useWhy } from "./why";

interface WhyPanelProps {
  run: RunSummary | null;
  onPlace: (node: string, property: string | null) => void;
}

/** For each sink that got nothing: where its rows end, why they do, and what to do about it. */
export function WhyPanel({ run, onPlace }: WhyPanelProps) {
  const { data, error, isPending, refetch } = useWhy(run?.id ?? null, true);
  if (!run) return <Empty title={t("Nothing runs yet")}>{t("Once the pipeline runs and a sink stays empty, this says where its rows end, and why.")}</Empty>;
  if (error) return <ErrorNote error={error} onRetry={() => void refetch()} />;
  if (isPending) return <Empty title={t("Looking")}>{t("The figures of each node are being followed from the sources on.")}</Empty>;
  if (!data.causes.length) {
    return <Empty title={t("Every sink gets rows")}>{data.sinks.map((sink) => about(sink.node, plural(sink.rows ?? 0, "{count} row", "{count} rows"))).join(" · ")}</Empty>;
  }
  return (
    <ul className={classes.scroll} style={{ margin: 0, padding: 0, listStyle: "none" }} aria-label={t("Why no output?")}>
      {data.causes.map((cause) => <Item key={`${cause.code} ${cause.node}`} cause={cause} onPlace={onPlace} />)}
    </ul>
  );
}

function Item({ cause, onPlace }: { cause: WhyCause; onPlace: WhyPanelProps["onPlace"] }) {
  return (
    <li className={classes.event} style={{ alignItems: "flex-start", flexDirection: "column", gap: 4, padding: "10px 14px" }}>
      <Cause cause={cause} onPlace={onPlace} />
      <span className="p-muted">
        {cause.sinks.length ? <>{t("Without rows:")} {cause.sinks.map((sink) => <NodeLink key={sink} node={sink} onPlace={onPlace} />)} </> : null}
        {cause.related.length ? <>{t("Has a part in it:")} {cause.related.map((node) => <NodeLink key={node} node={node} onPlace={onPlace} />)}</> : null}
      </span>
    </li>
  );
}
