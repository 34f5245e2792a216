import { SegmentedControl } from "@mantine/core";
import { useMemo } from "react";

import type { PreviewTable } from "../../api/preview";
import { DataTable, Empty, format } from "../../design";
import { language, listed, plural, t } from "../../i18n";
import { useKept } from "../run/kept";
import { differenceColumns, gridColumns, widthOf } from "./columns";
import classes from "./preview.module.css";
import { Profile } from "./Profile";
import { type Differences, rowsOf } from "./rows";

interface TableSideProps {
  name: "input" | "output";
  title: string;
  table: PreviewTable | null;
  /** Against the rows before the last edit; null where there is nothing to compare with. */
  changed?: Differences | null;
  /** What stands where there are no rows. */
  why: React.ReactNode;
  stale: boolean;
  /** Stands for the title, which says the same. */
  children?: React.ReactNode;
}

const ROW = 24;

/** The rows of a table, what its columns are like, and what the last edit changed in it. */
export function TableSide({ name, title, table, changed = null, why, stale, children }: TableSideProps) {
  const [kept, keep] = useKept<string>(`preview.${name}`, "rows");
  const views = [
    { value: "rows", label: t("Rows") },
    { value: "columns", label: t("Columns") },
    ...(changed ? [{ value: "changed", label: t("Changed ({count})", { count: format.number(changed.added + changed.removed) }) }] : []),
  ];
  const view = views.some((each) => each.value === kept) ? kept : "rows";
  return (
    <section className={classes.side} aria-label={title}>
      <header className={classes.head}>
        <h3 className={children ? "p-hidden" : undefined}>{title}</h3>
        {children}
        <span className={classes.facts}>{table ? <Facts table={table} /> : null}</span>
        <span className={classes.spring} />
        <SegmentedControl size="xs" flex="none" data={views} value={view} onChange={keep} aria-label={t("What is shown of {title}", { title })} />
      </header>
      <div className={stale ? `${classes.rows} ${classes.stale}` : classes.rows} aria-busy={stale}>
        {!table || (table.total === 0 && view !== "columns" && !(view === "changed" && changed?.rows.length)) ? (
          <Empty title={t("No rows")}>{why}</Empty>
        ) : view === "columns" ? (
          <Profile table={table} label={t("Columns of {title}", { title })} />
        ) : view === "changed" && changed ? (
          <Changed table={table} changed={changed} title={title} />
        ) : (
          <Rows table={table} changed={changed} title={title} />
        )}
      </div>
    </section>
  );
}

/** Counts, and how the rows came. */
function Facts({ table }: { table: PreviewTable }) {
  const parts = [plural(table.total, "{count} row", "{count} rows")];
  if (table.rows.length < table.total) parts.push(t("the first {count} are shown", { count: format.number(table.rows.length) }));
  if (table.before_end < table.total) parts.push(t("{count} at the end of the sample", { count: format.number(table.total - table.before_end) }));
  if (table.time?.first) {
    const late = table.time.out_of_order
      ? t("{count} out of order, by {span} at most", { count: format.number(table.time.out_of_order), span: format.duration(table.time.most_behind / 1000) })
      : t("in order");
    parts.push(`${table.time.column} ${late}`);
  }
  const text = parts.join(" · ");
  return <span title={text}>{text}</span>;
}

function Rows({ table, changed, title }: { table: PreviewTable; changed: Differences | null; title: string }) {
  const rows = useMemo(() => rowsOf(table), [table]);
  const spoken = language();
  const columns = useMemo(() => {
    const fresh = new Set(changed?.rows.flatMap((row) => (row.sign === "+" ? [row.at] : [])));
    return gridColumns(table, fresh.size < table.rows.length ? fresh : new Set());
    // eslint-disable-next-line react-hooks/exhaustive-deps -- its titles are in the page's language
  }, [table, changed, spoken]);
  return (
    <DataTable label={t("Rows of {title}", { title })} columns={columns} rows={rows} rowKey={(row) => row.at} rowLabel={(row) => t("row {number}", { number: row.at + 1 })}
      rowHeight={ROW} minWidth={widthOf(columns)} />
  );
}

function Changed({ table, changed, title }: { table: PreviewTable; changed: Differences; title: string }) {
  const columns = differenceColumns(table);
  const gone = changed.columnsRemoved.length ? t("Columns gone: {names}", { names: listed(changed.columnsRemoved) }) : "";
  const come = changed.columnsAdded.length ? t("New columns: {names}", { names: listed(changed.columnsAdded) }) : "";
  const note = [come, gone].filter(Boolean).join(" · ");
  return (
    <div className={classes.panel}>
      {note ? <div className={classes.note}>{note}</div> : null}
      <div className={classes.rows}>
        <DataTable label={t("Changed rows of {title}", { title })} columns={columns} rows={changed.rows} rowKey={(row) => `${row.sign}${row.at}`}
          rowLabel={(row) => (row.sign === "+" ? t("now row {number}", { number: row.at + 1 }) : t("before row {number}", { number: row.at + 1 }))}
          rowHeight={ROW} minWidth={widthOf(columns)} empty={<Empty title={t("The same rows")}>{t("The last edit changed none of the rows that are shown.")}</Empty>} />
      </div>
    </div>
  );
}
