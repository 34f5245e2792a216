import { IconAlertTriangle, IconCircleX, IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { listed, said, t } from "../i18n";
import classes from "./Panel.module.css";

/** Where something is wrong, as the API says it. */
export interface Place {
  node?: string | null;
  property?: string | null;
  line?: number | null;
  column?: number | null;
  field?: string | null;
}

/** What is wrong, as the API says it; a run's `reason` and a diagnostic fit too. */
export interface Problem {
  code?: string | null;
  message: string;
  hint?: string | null;
  node?: string | null;
  place?: Place | null;
  errors?: readonly Problem[] | null;
}

const LOOKS = {
  bad: { icon: IconCircleX, role: "alert" },
  warning: { icon: IconAlertTriangle, role: "status" },
  waiting: { icon: IconInfoCircle, role: "status" },
} as const;

/** A message in a tone: bad (said aloud at once), warning, or waiting (for information). */
export function Note({ tone = "waiting", children }: { tone?: keyof typeof LOOKS; children: ReactNode }) {
  const { icon: Sign, role } = LOOKS[tone];
  return (
    <div className={classes.note_} role={role} style={{ background: `var(--p-${tone}-soft)` }}>
      <Sign size={16} color={`var(--p-${tone}-text)`} aria-hidden />
      <div style={{ minWidth: 0, flex: 1 }}>{children}</div>
    </div>
  );
}

/** "node model, property learner, line 3" */
export function placeText(problem: Problem): string {
  const place = problem.place ?? {};
  const node = place.node ?? problem.node;
  const parts = [
    node ? t("node {node}", { node }) : null,
    place.property ? t("property {property}", { property: place.property }) : null,
    place.field ? t("field {field}", { field: place.field }) : null,
    lineOf(place),
  ];
  return listed(parts.filter((part) => part !== null));
}

function lineOf({ line, column }: Place): string | null {
  if (!line) return null;
  return column ? t("line {line}, column {column}", { line, column }) : t("line {line}", { line });
}

function asProblem(error: unknown): Problem {
  if (typeof error === "object" && error !== null && "message" in error) return error as Problem;
  return { message: String(error) };
}

interface ErrorNoteProps {
  /** Of the API's shape, or anything thrown; nothing is drawn for null. */
  error: unknown;
  /** The URL of a place, where it has one: its node is then a link. */
  to?: (place: Place) => string | null;
  onRetry?: () => void;
}

/** What is wrong, what to do, and where. */
export function ErrorNote({ error, to, onRetry }: ErrorNoteProps) {
  if (error === null || error === undefined) return null;
  const problem = asProblem(error);
  const more = (problem.errors ?? []).filter((one) => one.message !== problem.message);
  return (
    <Note tone="bad">
      <Said problem={problem} to={to} />
      {more.length > 0 ? (
        <ul style={{ margin: "6px 0 0", paddingLeft: 16 }}>
          {more.map((one, index) => (
            <li key={index}>
              <Said problem={one} to={to} />
            </li>
          ))}
        </ul>
      ) : null}
      {onRetry ? (
        <button type="button" className={classes.retry} onClick={onRetry}>
          {t("Try again")}
        </button>
      ) : null}
    </Note>
  );
}

function Said({ problem, to }: { problem: Problem; to?: ErrorNoteProps["to"] }) {
  const where = placeText(problem);
  const place: Place = { ...problem.place, node: problem.place?.node ?? problem.node };
  const url = where && to ? to(place) : null;
  return (
    <>
      <p>
        <strong>{said(problem.message)}</strong>
        {where ? <span className="p-muted"> ({url ? <a href={url}>{where}</a> : where})</span> : null}
      </p>
      {problem.hint ? <p className={classes.hint}>{said(problem.hint)}</p> : null}
    </>
  );
}
