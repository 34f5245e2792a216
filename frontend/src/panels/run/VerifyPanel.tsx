import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { request } from "../../api/client";
import { ApiError } from "../../api/errors";
import type { Page, Work } from "../../api/types";
import { Ago, Empty, ErrorNote, Progress, Tag } from "../../design";
import classes from "./panels.module.css";

interface Table {
  table: string;
  node: string | null;
  rows_stream: number | null;
  rows_batch: number | null;
  rows_duckdb: number | null;
  equal: boolean | null;
  /** Why DuckDB could not say this query, or null where it did. */
  duckdb: string | boolean | null;
  differences: Array<Record<string, unknown>>;
}

interface Verification {
  id: number;
  /** null while it lasts, or where nothing could be compared. */
  equal: boolean | null;
  report: { tables?: Table[] };
  created_at: string;
  work: Work | number | null;
}

const path = (run: number) => `runs/${run}/verifications`;

interface VerifyPanelProps {
  run: number | null;
  canRun: boolean;
  onSelect: (node: string) => void;
}

/** "Stream-updated, batch-verified": the run's results beside those of one bounded run of the same SQL, and of DuckDB. */
export function VerifyPanel({ run, canRun, onSelect }: VerifyPanelProps) {
  const client = useQueryClient();
  const [chosen, setChosen] = useState<number | null>(null);
  const { data, error } = useQuery({
    queryKey: ["run", run, "verifications"],
    queryFn: ({ signal }) => request<Page<Verification>>("GET", path(run ?? 0), { signal }),
    enabled: run !== null,
    retry: false,
    refetchInterval: (query) => (query.state.data?.results.some((each) => working(each)) ? 1_000 : false),
  });
  const start = useMutation({
    mutationFn: () => request("POST", path(run ?? 0)),
    onSuccess: () => client.invalidateQueries({ queryKey: ["run", run, "verifications"] }),
  });
  if (run === null) return <Empty title="Nothing to verify yet">Once a run has results, they can be checked against a bounded run of the same SQL.</Empty>;
  if (error instanceof ApiError && error.unavailable) return <Empty title="Verification is not available">This platform does not verify runs.</Empty>;
  const shown = data?.results.find((each) => each.id === chosen) ?? data?.results[0];
  return (
    <div className={classes.column}>
      <div className={classes.bar}>
        <Button variant="default" disabled={!canRun} loading={start.isPending} onClick={() => start.mutate()}>Verify now</Button>
        {data?.results.map((each) => (
          <button key={each.id} type="button" className={classes.link} aria-current={each.id === shown?.id} onClick={() => setChosen(each.id)}>
            <Outcome verification={each} /> <Ago at={each.created_at} />
          </button>
        ))}
      </div>
      <ErrorNote error={error ?? start.error} />
      <div className={classes.rows}>
        {shown ? <Report verification={shown} onSelect={onSelect} />
          : <Empty title="Not verified yet">The same SQL runs over the same input once more, bounded, and in DuckDB where it can say it. Rows that differ are listed here.</Empty>}
      </div>
    </div>
  );
}

function workOf(verification: Verification): Work | null {
  return typeof verification.work === "object" ? verification.work : null;
}

function working(verification: Verification): boolean {
  const state = workOf(verification)?.state;
  return state === "WAITING" || state === "RUNNING";
}

function Outcome({ verification }: { verification: Verification }) {
  if (working(verification)) return <Tag tone="waiting">at work</Tag>;
  if (verification.equal === null) return <Tag tone="neutral">not compared</Tag>;
  return verification.equal ? <Tag tone="good">equal</Tag> : <Tag tone="bad">different</Tag>;
}

function Report({ verification, onSelect }: { verification: Verification; onSelect: (node: string) => void }) {
  const work = workOf(verification);
  if (working(verification)) return <div style={{ padding: 12 }}><Progress value={work?.progress} label="Verification" width={200} /> {work?.message}</div>;
  if (work?.error) return <ErrorNote error={work.error} />;
  return (
    <table className={classes.table} aria-label="Tables that were compared">
      <thead><tr><th>Table</th><th>Outcome</th><th>Stream</th><th>Bounded run</th><th>DuckDB</th><th>Rows that differ</th></tr></thead>
      <tbody>
        {(verification.report.tables ?? []).map((table) => (
          <tr key={table.table} className={classes.letter}>
            <td>{table.node ? <button type="button" className={classes.link} onClick={() => onSelect(table.node ?? "")}>{table.table}</button> : table.table}</td>
            <td>{table.equal === null ? <Tag tone="neutral">not compared</Tag> : table.equal ? <Tag tone="good">equal</Tag> : <Tag tone="bad">different</Tag>}</td>
            <td>{rows(table.rows_stream)}</td>
            <td>{rows(table.rows_batch)}</td>
            <td title={typeof table.duckdb === "string" ? table.duckdb : undefined}>{table.rows_duckdb === null ? "cannot say it" : rows(table.rows_duckdb)}</td>
            <td>{table.differences.slice(0, 50).map((row, i) => <code key={i} className={classes.raw}>{JSON.stringify(row)}</code>)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function rows(count: number | null): string {
  return count === null ? "–" : `${count.toLocaleString("en")} rows`;
}
