import type { PreviewColumn, PreviewProfile, PreviewTable } from "../../api/preview";
import { type Column, DataTable, format } from "../../design";
import { language, t } from "../../i18n";
import classes from "./preview.module.css";

interface Row {
  column: PreviewColumn;
  profile: PreviewProfile | undefined;
  total: number;
}

/** What the columns of a table are like: nulls, distinct values, range, distribution. */
export function Profile({ table, label }: { table: PreviewTable; label: string }) {
  const rows = table.columns.map((column, at): Row => ({ column, profile: table.profile[at], total: table.total }));
  return (
    <DataTable key={language()} label={label} columns={columnsOf()} rows={rows} rowKey={(row) => row.column.name} rowLabel={(row) => row.column.name} rowHeight={26} minWidth={720} />
  );
}

const columnsOf = (): Column<Row>[] => [
  { id: "name", title: t("Column"), width: 140, cell: (row) => <strong>{row.column.name}</strong>, sort: (row) => row.column.name },
  { id: "type", title: t("Type"), width: 110, cell: (row) => <span className="p-muted">{row.column.type}</span>, sort: (row) => row.column.type },
  { id: "nulls", title: "NULL", width: 74, align: "end", cell: (row) => (row.profile?.nulls ? `${format.number(row.profile.nulls)}` : "–"), sort: (row) => row.profile?.nulls ?? null },
  { id: "distinct", title: t("Distinct"), width: 74, align: "end", cell: (row) => format.number(row.profile?.distinct ?? null), sort: (row) => row.profile?.distinct ?? null },
  { id: "distribution", title: t("Distribution"), width: 150, cell: (row) => <Distribution profile={row.profile} /> },
  { id: "range", title: t("From, to"), cell: (row) => <span className={classes.tops} title={rangeOf(row.profile)}>{rangeOf(row.profile)}</span> },
];

const shown = (value: string | number | undefined) => (typeof value === "number" ? format.number(value) : (value ?? ""));

function rangeOf(profile: PreviewProfile | undefined): string {
  if (profile?.min === undefined) return "";
  const range = profile.min === profile.max ? shown(profile.min) : `${shown(profile.min)} … ${shown(profile.max)}`;
  return profile.mean === undefined ? range : t("{range}, mean {mean}", { range, mean: format.number(profile.mean) });
}

function Distribution({ profile }: { profile: PreviewProfile | undefined }) {
  if (profile?.bars && profile.bars.length > 1) return <Bars bars={profile.bars} />;
  if (!profile?.top?.length) return null;
  const text = (profile.top as [string, number][]).map(([value, count]) => `${value || "''"} ${count}`).join(", ");
  return <span className={classes.tops} title={text}>{text}</span>;
}

function Bars({ bars }: { bars: readonly number[] }) {
  const most = Math.max(1, ...bars);
  const text = t("Rows from the least to the greatest value: {bars}", { bars: bars.join(", ") });
  return (
    <div className={classes.bars} role="img" aria-label={text} title={text}>
      {bars.map((count, at) => <span key={at} style={{ height: `${(100 * count) / most}%`, opacity: count ? 1 : 0.25 }} />)}
    </div>
  );
}
