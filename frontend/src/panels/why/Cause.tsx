import { Button } from "@mantine/core";

import { Tag } from "../../design";
import { msg, said, t } from "../../i18n";
import classes from "../run/panels.module.css";
import type { WhyCause } from "./why";
import own from "./why.module.css";

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

interface CauseProps {
  cause: WhyCause;
  /** Leads to a node, and to a field of its form. */
  onPlace: (node: string, property: string | null) => void;
}

/** Where rows end, why they do, what to do about it, and the way there. */
export function Cause({ cause, onPlace }: CauseProps) {
  return (
    <>
      <span className={own.cause}>
        {cause.node ? <NodeLink node={cause.node} onPlace={onPlace} /> : null}
        <Tag tone="warning">{t(NAMES[cause.code] ?? msg("swallows the rows"))}</Tag>
        <Way cause={cause} onPlace={onPlace} />
      </span>
      <span>{said(cause.message)}</span>
      <span className="p-muted">{t("Next:")} {said(cause.hint)}</span>
      <Record facts={cause.facts} />
    </>
  );
}

/** To the field where the next step is taken. */
function Way({ cause: { place }, onPlace }: CauseProps) {
  if (!place.property) return null;
  return (
    <Button size="compact-xs" variant="default" onClick={() => onPlace(place.node, place.property)}>
      {t("Go to {node}", { node: `${place.node} · ${place.property}` })}
    </Button>
  );
}

export function NodeLink({ node, onPlace }: { node: string; onPlace: CauseProps["onPlace"] }) {
  return <button type="button" className={classes.link} style={{ marginRight: 6 }} onClick={() => onPlace(node, null)}>{node}</button>;
}

/** The first record that could not be read, as it came. */
function Record({ facts }: { facts: WhyCause["facts"] }) {
  const record = facts.record as { text?: string | null; place?: unknown } | undefined;
  if (!record?.text) return null;
  return <code className={classes.raw}>{record.text}</code>;
}
