import type { PreviewColumn, PreviewTable } from "../../api/preview";
import { type Column, format } from "../../design";
import { msg, t } from "../../i18n";
import classes from "./preview.module.css";
import { type Difference, KINDS, type PreviewRow, cellText } from "./rows";

const WIDTHS: Readonly<Record<string, number>> = { whole: 84, number: 104, truth: 64, moment: 186, date: 92, time: 92, nested: 200, text: 104 };
const NUMERIC = new Set(["whole", "number"]);
const WORDS = [msg("added"), msg("taken back, to be changed"), msg("changed to this"), msg("removed")] as const;

export function Cell({ value }: { value: unknown }) {
  if (value === null || value === undefined) return <span className={classes.null}>NULL</span>;
  const whole = cellText(value);
  const text = typeof value === "number" && whole.length > 10 ? String(Number(value.toPrecision(7))) : whole;
  return <span className={classes.cell} title={whole.length > 10 ? whole : undefined}>{text}</span>;
}

export function Kind({ kind }: { kind: number }) {
  return <span className={classes.kind} data-kind={kind} title={t(WORDS[kind] ?? "")}>{KINDS[kind]}</span>;
}

/** Wide enough for what columns of its kind hold, and for most of its name. */
const widthFor = (column: PreviewColumn): number => Math.max(WIDTHS[column.kind] ?? 132, Math.min(200, 26 + 7 * column.name.length));

/** The columns of a table's rows; the kind of change and remarks stand in front where there are any. */
export function gridColumns(table: PreviewTable, fresh: ReadonlySet<number>): Column<PreviewRow>[] {
  const plain = table.columns.map((column, at): Column<PreviewRow> => ({
    id: column.name, title: column.name, help: column.type, width: widthFor(column),
    align: NUMERIC.has(column.kind) ? "end" : undefined,
    cell: (row) => <Cell value={row.values[at]} />,
    sort: (row) => sortable(row.values[at]),
  }));
  const remarks = table.before_end < table.rows.length || table.time?.behind !== undefined || fresh.size > 0;
  return [
    ...(table.kinds ? [{ id: "\u0000kind", title: t("Change"), width: 70, help: t("+I added, -U taken back, +U changed to this, -D removed"), cell: (row: PreviewRow) => <Kind kind={row.kind} /> }] : []),
    ...(remarks ? [{ id: "\u0000remarks", title: t("Remarks"), width: 132, cell: (row: PreviewRow) => <Remarks row={row} fresh={fresh.has(row.at)} /> }] : []),
    ...plain,
  ];
}

function sortable(value: unknown): string | number | null {
  if (value === null || value === undefined) return null;
  return typeof value === "number" ? value : cellText(value);
}

function Remarks({ row, fresh }: { row: PreviewRow; fresh: boolean }) {
  return (
    <>
      {fresh ? <span className={classes.flag} data-tone="warning" title={t("Not there before the last edit")}>{t("new")}</span> : null}{" "}
      {row.behind > 0 ? <span className={classes.flag} title={t("Earlier than the latest row before it")}>{t("{span} behind", { span: format.duration(row.behind / 1000) })}</span> : null}{" "}
      {row.held ? <span className={classes.flag} title={t("It came only because the sample ended: a run would still wait")}>{t("at the end")}</span> : null}
    </>
  );
}

export function differenceColumns(table: PreviewTable): Column<Difference>[] {
  return [
    { id: "\u0000sign", title: t("Difference"), width: 92, cell: (row) => <span className={classes.kind} data-kind={row.sign === "+" ? 0 : 3}>{row.sign === "+" ? t("+ now") : t("− before")}</span> },
    ...(table.kinds ? [{ id: "\u0000kind", title: t("Change"), width: 70, cell: (row: Difference) => <Kind kind={row.kind} /> }] : []),
    ...table.columns.map((column, at): Column<Difference> => ({
      id: column.name, title: column.name, help: column.type, width: widthFor(column), align: NUMERIC.has(column.kind) ? "end" : undefined,
      cell: (row) => <Cell value={row.values[at]} />,
    })),
  ];
}

export const widthOf = (columns: readonly { width?: number }[]): number => columns.reduce((sum, column) => sum + (column.width ?? 100), 0);
