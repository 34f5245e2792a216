import { useMemo } from "react";

import { useLive } from "../../api/live";
import { useRunEvents } from "../../api/runs";
import type { RunEvent } from "../../api/types";
import { Ago, Empty, ErrorNote, StatusBadge, Tag, statusLook } from "../../design";
import { said, t } from "../../i18n";
import classes from "../run/panels.module.css";

interface EventsPanelProps {
  run: number | null;
  onSelect: (node: string) => void;
}

const NONE: readonly RunEvent[] = [];

/** Events that were fetched and those that came live, each once, newest first. */
export function joinedEvents(fetched: readonly RunEvent[], live: readonly RunEvent[]): RunEvent[] {
  const known = new Map([...fetched, ...live].map((event) => [event.id, event]));
  return [...known.values()].sort((a, b) => b.id - a.id);
}

/** What happened to a run: changes of status, restarts, exceptions, what people asked for. */
export function EventsPanel({ run, onSelect }: EventsPanelProps) {
  const { data, error } = useRunEvents(run);
  const live = useLive((state) => (run === null ? undefined : state.events[run])) ?? NONE;
  const events = useMemo(() => joinedEvents(data?.results ?? [], live), [data, live]);
  if (error) return <ErrorNote error={error} />;
  if (!events.length) return <Empty title={t("Nothing happened yet")}>{t("Starts, changes of status, restarts and exceptions of the run appear here.")}</Empty>;
  return (
    <ol className={classes.scroll} style={{ margin: 0, padding: 0, listStyle: "none" }} aria-label={t("Events of the run")}>
      {events.map((event) => (
        <li key={event.id} className={classes.event}>
          <span style={{ flex: "none", width: "7em" }} className="p-muted"><Ago at={event.at} /></span>
          <span className={classes.kind}><Kind event={event} /></span>
          <span style={{ minWidth: 0, overflowWrap: "anywhere" }}>
            {told(event)}
            {event.node ? <> (<button type="button" className={classes.link} onClick={() => onSelect(event.node ?? "")}>{event.node}</button>)</> : null}
            {event.user ? <span className="p-muted">{t(", by {user}", { user: event.user })}</span> : null}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** What an event says; a change of status that says only its name, what that means. */
function told(event: RunEvent): string {
  return event.kind === "status" && (!event.message || event.message === event.code) ? t(statusLook(event.code).meaning) : said(event.message || event.code);
}

function Kind({ event }: { event: RunEvent }) {
  const status = event.data.status ?? event.data.to;
  if (event.kind === "status") return <StatusBadge status={typeof status === "string" ? status : event.code} />;
  if (event.kind === "exception") return <Tag tone="bad">{t("exception")}</Tag>;
  if (event.kind === "restart") return <Tag tone="warning">{t("restart")}</Tag>;
  return <Tag tone="neutral">{event.kind === "request" ? t("request") : event.kind}</Tag>;
}
