import { CloseButton } from "@mantine/core";
import { Fragment, useState } from "react";

import { type Chosen, type OperatorState, useContents } from "../../api/states";
import { ErrorNote, format } from "../../design";
import { plural, t } from "../../i18n";
import classes from "../run/panels.module.css";

interface ContentsProps {
  chosen: Chosen;
  onSelect: (node: string) => void;
  onClose: () => void;
}

/** What a state holds, operator by operator, with some rows. */
export function Contents({ chosen, onSelect, onClose }: ContentsProps) {
  const { data, error, isPending } = useContents(chosen);
  const [open, setOpen] = useState<string | null>(null);
  const operators = (data?.operators ?? []) as unknown as OperatorState[];
  const title = data ? (data.name ?? t("checkpoint {epoch}", { epoch: data.epoch })) : "";
  return (
    <section aria-label={t("What the state holds")}>
      <div className={classes.bar}>
        <strong>{isPending ? t("Reading") : title}</strong>
        <span className="p-muted">{data ? plural(operators.length, "{count} operator", "{count} operators") : ""}</span>
        <span style={{ flex: 1 }} />
        <CloseButton aria-label={t("Close")} onClick={onClose} />
      </div>
      <ErrorNote error={error} />
      {data ? (
        <table className={classes.table} aria-label={t("Operators of {title}", { title })}>
          <thead><tr><th>{t("Node")}</th><th>{t("Operator")}</th><th>{t("Keys")}</th><th>{t("Rows")}</th><th>{t("Size")}</th></tr></thead>
          <tbody>
            {operators.map((one) => (
              <Fragment key={one.uid}>
                <tr>
                  <td>{one.nodes.map((node) => <button key={node} type="button" className={classes.link} style={{ marginRight: 6 }} onClick={() => onSelect(node)}>{node}</button>)}</td>
                  <td>
                    <button type="button" className={classes.link} aria-expanded={open === one.uid} onClick={() => setOpen(open === one.uid ? null : one.uid)}>{one.what || one.kind}</button>
                  </td>
                  <td>{format.number(one.keys)}</td>
                  <td>{format.number(one.rows)}</td>
                  <td>{format.bytes(one.bytes)}</td>
                </tr>
                {open === one.uid ? one.states.map((state) => <Rows key={state.name} name={state.name} columns={state.columns ?? []} rows={state.sample ?? []} />) : null}
              </Fragment>
            ))}
          </tbody>
        </table>
      ) : null}
    </section>
  );
}

function Rows({ name, columns, rows }: { name: string; columns: ReadonlyArray<readonly [name: string, type: string]>; rows: ReadonlyArray<readonly unknown[]> }) {
  return (
    <tr>
      <td colSpan={5} style={{ padding: "0 10px 10px 24px" }}>
        <div className="p-muted">{name}{rows.length ? t(", some of its rows") : t(": no rows to show")}</div>
        {rows.length ? (
          <table className={classes.table} aria-label={name}>
            <thead><tr>{columns.map(([column, type], i) => <th key={`${column} ${i}`} title={type}>{column}</th>)}</tr></thead>
            <tbody>{rows.map((row, i) => <tr key={i}>{row.map((value, at) => <td key={at}>{shown(value)}</td>)}</tr>)}</tbody>
          </table>
        ) : null}
      </td>
    </tr>
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
