import { type ReactNode, useId } from "react";

import classes from "./Panel.module.css";

interface PanelProps {
  title: ReactNode;
  /** A few muted words beside the title. */
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** No padding: for tables and charts that reach the border. */
  flush?: boolean;
  className?: string;
}

/** A titled region of a page. */
export function Panel({ title, note, actions, children, flush = false, className }: PanelProps) {
  const id = useId();
  return (
    <section className={`${classes.panel} ${className ?? ""}`} aria-labelledby={id}>
      <header className={classes.head}>
        <h2 className={classes.title} id={id}>
          {title}
        </h2>
        {note ? <span className={`${classes.note} p-truncate`}>{note}</span> : null}
        {actions ? <div className={classes.actions}>{actions}</div> : null}
      </header>
      <div className={flush ? `${classes.body} ${classes.flush}` : classes.body}>{children}</div>
    </section>
  );
}

interface EmptyProps {
  title: string;
  icon?: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
}

/** What stands where nothing is yet: what would be here, and how it comes here. */
export function Empty({ title, icon, children, actions }: EmptyProps) {
  return (
    <div className={classes.empty}>
      {icon}
      <strong>{title}</strong>
      {children ? <p>{children}</p> : null}
      {actions ? <div className={classes.emptyActions}>{actions}</div> : null}
    </div>
  );
}

/** The top of a page: its title, a line about it, what can be done on it. */
export function PageHead({ title, note, actions }: { title: ReactNode; note?: ReactNode; actions?: ReactNode }) {
  return (
    <header className={classes.head_}>
      <div style={{ minWidth: 0 }}>
        <h1>{title}</h1>
        {note ? <div className="p-muted">{note}</div> : null}
      </div>
      {actions ? <div className={classes.actions}>{actions}</div> : null}
    </header>
  );
}

export interface Fact {
  name: string;
  value: ReactNode;
  title?: string;
}

/** Facts by name, in as many columns as fit. */
export function Facts({ facts, big = false }: { facts: readonly Fact[]; big?: boolean }) {
  return (
    <dl className={big ? `${classes.facts} ${classes.big}` : classes.facts}>
      {facts.map((fact) => (
        <div key={fact.name} title={fact.title}>
          <dt>{fact.name}</dt>
          <dd>{fact.value ?? "–"}</dd>
        </div>
      ))}
    </dl>
  );
}
