import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Fragment, useState } from "react";

import { request } from "../../api/client";
import { ApiError } from "../../api/errors";
import { isFinal } from "../../api/runs";
import type { Page, RunSummary, Work } from "../../api/types";
import { Ago, Empty, ErrorNote, Progress, Tag, format } from "../../design";
import { plural, said, t } from "../../i18n";
import classes from "./panels.module.css";

type Row = Record<string, unknown> | null;

interface Table {
  table: string;
  node: string;
  equal: boolean | null;
  /** Why it could not be compared. */
  why: string | null;
  rows_stream: number | null;
  rows_batch: number | null;
  /** How many rows differ; `differences` has the first of them. */
  different: number;
  differences: Array<{ stream: Row; batch: Row }>;
  duckdb: { equal: boolean | null; why: string | null; rows: number | null; given: string[]; different: number; differences: Array<{ batch: Row; duckdb: Row }> };
}

interface Verification {
  id: number;
  /** null while it lasts, or where nothing could be compared. */
  equal: boolean | null;
  created_at: string;
  work: Work;
  report: { rows_in: number | null; seconds: number | null; tables: Table[] };
}

const path = (run: number) => `runs/${run}/verifications`;
const working = ({ work }: Verification) => work.state === "WAITING" || work.state === "RUNNING";

interface VerifyPanelProps {
  run: RunSummary | null;
  canRun: boolean;
  onSelect: (node: string) => void;
}

/** "Stream-updated, batch-verified": the run's results beside those of one bounded run of the same SQL, and of DuckDB. */
export function VerifyPanel({ run, canRun, onSelect }: VerifyPanelProps) {
  const client = useQueryClient();
  const id = run?.id ?? null;
  const queryKey = ["run", id, "verifications"];
  const [chosen, setChosen] = useState<number | null>(null);
  const { data, error } = useQuery({
    queryKey,
    queryFn: ({ signal }) => request<Page<Verification>>("GET", path(id ?? 0), { signal }),
    enabled: id !== null,
    retry: false,
    refetchInterval: (query) => (query.state.data?.results.some(working) ? 1_000 : false),
  });
  const start = useMutation({ mutationFn: () => request("POST", path(id ?? 0)), onSuccess: () => client.invalidateQueries({ queryKey }) });
  if (!run) return <Empty title={t("Nothing to verify yet")}>{t("Once a run has results, they can be checked against a bounded run of the same SQL.")}</Empty>;
  if (error instanceof ApiError && error.unavailable) return <Empty title={t("Verification is not available")}>{t("This platform does not verify runs.")}</Empty>;
  const shown = data?.results.find((each) => each.id === chosen) ?? data?.results[0];
  const over = isFinal(run.status);
  return (
    <div className={classes.column}>
      <div className={classes.bar}>
        <Button variant="default" disabled={!canRun || !over} loading={start.isPending} onClick={() => start.mutate()}>{t("Verify now")}</Button>
        {over ? null : <span className="p-muted">{t("Once the run has ended or was stopped, its results can be verified.")}</span>}
        {data?.results.slice(0, 8).map((each) => (
          <button key={each.id} type="button" className={classes.link} aria-current={each.id === shown?.id} onClick={() => setChosen(each.id)}>
            <Outcome equal={each.equal} working={working(each)} /> <Ago at={each.created_at} />
          </button>
        ))}
      </div>
      <ErrorNote error={error ?? start.error} />
      <div className={classes.rows}>
        {shown ? <Report verification={shown} onSelect={onSelect} /> : (
          <Empty title={t("Not verified yet")}>{t("The same SQL runs over the same input once more, bounded, and in DuckDB where it can say it. Rows that differ are listed here.")}</Empty>
        )}
      </div>
    </div>
  );
}

function Outcome({ equal, working: busy = false, why }: { equal: boolean | null; working?: boolean; why?: string | null }) {
  if (busy) return <Tag tone="waiting">{t("at work")}</Tag>;
  if (equal === null) return <Tag tone="neutral" title={why ? said(why) : undefined}>{t("not compared")}</Tag>;
  return equal ? <Tag tone="good">{t("equal")}</Tag> : <Tag tone="bad">{t("different")}</Tag>;
}

function Report({ verification, onSelect }: { verification: Verification; onSelect: (node: string) => void }) {
  const { work, report } = verification;
  if (working(verification)) return <div style={{ padding: 12 }}><Progress value={work.progress} label={t("Verification")} width={200} /> {said(work.message)}</div>;
  if (work.error) return <ErrorNote error={work.error} />;
  return (
    <table className={classes.table} aria-label={t("Tables that were compared")}>
      <thead>
        <tr><th>{t("Table")}</th><th>{t("Stream and bounded run")}</th><th>{t("Stream")}</th><th>{t("Bounded run")}</th><th>{t("Bounded run and DuckDB")}</th><th>DuckDB</th></tr>
      </thead>
      <tbody>
        {report.tables.map((table) => (
          <Fragment key={table.table}>
            <tr className={classes.letter}>
              <td><button type="button" className={classes.link} onClick={() => onSelect(table.node)}>{table.table}</button></td>
              <td><Outcome equal={table.equal} why={table.why} /> <span className="p-muted">{remark(table.why, table.different)}</span></td>
              <td>{format.quantity(table.rows_stream, "rows")}</td>
              <td>{format.quantity(table.rows_batch, "rows")}</td>
              <td><Outcome equal={table.duckdb.equal} why={table.duckdb.why} /> <span className="p-muted">{remark(table.duckdb.why, table.duckdb.different)}</span></td>
              <td>{format.quantity(table.duckdb.rows, "rows")}</td>
            </tr>
            <Differences name={t("Stream and bounded run, {table}", { table: table.table })} sides={[t("stream"), t("bounded run")]} rows={table.differences.map((each) => [each.stream, each.batch])} />
            <Differences name={t("Bounded run and DuckDB, {table}", { table: table.table })} sides={[t("bounded run"), "DuckDB"]} rows={table.duckdb.differences.map((each) => [each.batch, each.duckdb])} />
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}

function remark(why: string | null, different: number): string {
  return why ? said(why) : different ? plural(different, "{count} row differs", "{count} rows differ") : "";
}

/** Rows that differ, side beside side; values that are not the same stand out. */
function Differences({ name, sides, rows }: { name: string; sides: readonly [string, string]; rows: ReadonlyArray<readonly [Row, Row]> }) {
  if (!rows.length) return null;
  const columns = [...new Set(rows.flatMap(([a, b]) => Object.keys({ ...a, ...b })))];
  return (
    <tr>
      <td colSpan={6} style={{ padding: "0 10px 10px 24px" }}>
        <table className={classes.table} aria-label={name}>
          <thead><tr><th>{t("Side")}</th>{columns.map((column) => <th key={column}>{column}</th>)}</tr></thead>
          <tbody>
            {rows.map((pair, i) => pair.map((row, side) => (
              <tr key={`${i}-${side}`}>
                <td className="p-muted">{row ? sides[side] : t("{side}: no such row", { side: sides[side] ?? "" })}</td>
                {columns.map((column) => <Cell key={column} value={row?.[column]} other={row ? pair[1 - side]?.[column] : undefined} />)}
              </tr>
            )))}
          </tbody>
        </table>
      </td>
    </tr>
  );
}

function Cell({ value, other }: { value: unknown; other: unknown }) {
  const differs = value !== undefined && JSON.stringify(value) !== JSON.stringify(other);
  const text = value === undefined ? "" : value === null ? "NULL" : typeof value === "object" ? JSON.stringify(value) : String(value);
  return <td style={differs ? { background: "var(--p-bad-soft)", fontWeight: 600 } : undefined}>{text}</td>;
}
