/** Rows of a preview: what they show, how they differ from those before an edit, how they leave the page. Pure. */

import type { PreviewColumn, PreviewTable } from "../../api/preview";

export interface PreviewRow {
  at: number;
  /** 0 +I, 1 -U, 2 +U, 3 -D. */
  kind: number;
  values: readonly unknown[];
  /** It came only because the sample ended. */
  held: boolean;
  /** Milliseconds that it is earlier than the latest before it. */
  behind: number;
}

export const KINDS = ["+I", "-U", "+U", "-D"] as const;

export function rowsOf(table: PreviewTable | null): PreviewRow[] {
  if (!table) return [];
  return table.rows.map((values, at) => ({
    at, values, kind: table.kinds?.[at] ?? 0, held: at >= table.before_end, behind: table.time?.behind?.[at] ?? 0,
  }));
}

/** A value as a cell shows it; null is told apart by its looks. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export interface Difference {
  at: number;
  sign: "+" | "-";
  kind: number;
  values: readonly unknown[];
}

export interface Differences {
  rows: Difference[];
  added: number;
  removed: number;
  columnsAdded: string[];
  columnsRemoved: string[];
}

/** The rows of each that the other has not, compared in the columns that both have; in the order of what there is now. */
export function differences(before: PreviewTable, after: PreviewTable): Differences {
  const common = after.columns.filter((column) => before.columns.some((each) => each.name === column.name)).map((column) => column.name);
  const then = keyed(before, common);
  const now = keyed(after, common);
  const gone = lacking(then, now);
  const come = lacking(now, then);
  const rows: Difference[] = [
    ...gone.map((at): Difference => ({ at, sign: "-", kind: before.kinds?.[at] ?? 0, values: arranged(before, after.columns, at) })),
    ...come.map((at): Difference => ({ at, sign: "+", kind: after.kinds?.[at] ?? 0, values: after.rows[at] ?? [] })),
  ].sort((a, b) => a.at - b.at || (a.sign === "-" ? -1 : 1));
  const names = (table: PreviewTable, other: PreviewTable) =>
    table.columns.map((column) => column.name).filter((name) => !other.columns.some((each) => each.name === name));
  return { rows, added: come.length, removed: gone.length, columnsAdded: names(after, before), columnsRemoved: names(before, after) };
}

function keyed(table: PreviewTable, columns: readonly string[]): string[] {
  const places = columns.map((name) => table.columns.findIndex((column) => column.name === name));
  return table.rows.map((row, at) => JSON.stringify([table.kinds?.[at] ?? 0, ...places.map((place) => row[place])]));
}

/** The places of rows that the others have not, counted as often as they are there. */
function lacking(rows: readonly string[], others: readonly string[]): number[] {
  const left = new Map<string, number>();
  for (const key of others) left.set(key, (left.get(key) ?? 0) + 1);
  return rows.flatMap((key, at) => {
    const count = left.get(key) ?? 0;
    if (!count) return [at];
    left.set(key, count - 1);
    return [];
  });
}

function arranged(table: PreviewTable, columns: readonly PreviewColumn[], at: number): unknown[] {
  return columns.map((column) => {
    const place = table.columns.findIndex((each) => each.name === column.name);
    return place < 0 ? null : table.rows[at]?.[place];
  });
}

export type Objects = Record<string, unknown>[];

/** Rows as objects, as samples and tests keep them. */
export function objectsOf(table: PreviewTable, limit = Infinity): Objects {
  return table.rows.slice(0, limit).map((row) => Object.fromEntries(table.columns.map((column, at) => [column.name, row[at] ?? null])));
}

/** The rows that are left when every change has been made: what takes a row back ends the last one like it. */
export function folded(table: PreviewTable): Objects {
  const kept: (string | null)[] = [];
  const places = new Map<string, number[]>();
  table.rows.forEach((row, at) => {
    const key = JSON.stringify(row);
    const kind = table.kinds?.[at] ?? 0;
    const there = places.get(key) ?? [];
    if (kind === 1 || kind === 3) {
      const last = there.pop();
      if (last !== undefined) kept[last] = null;
    } else {
      there.push(kept.push(key) - 1);
      places.set(key, there);
    }
  });
  const names = table.columns.map((column) => column.name);
  return kept.flatMap((key) => (key === null ? [] : [Object.fromEntries((JSON.parse(key) as unknown[]).map((value, at) => [names[at] ?? "", value]))]));
}

const quoted = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Rows as CSV with a line of names; NULL is an empty field. The kind of change stands in front where there are several. */
export function csvOf(table: PreviewTable): string {
  const head = [...(table.kinds ? ["change"] : []), ...table.columns.map((column) => column.name)];
  const lines = table.rows.map((row, at) => {
    const cells = row.map((value) => (value === null ? "" : quoted(cellText(value))));
    return [...(table.kinds ? [KINDS[table.kinds[at] ?? 0] ?? ""] : []), ...cells].join(",");
  });
  return [head.map(quoted).join(","), ...lines].join("\n") + "\n";
}

/** A span such as "10 minutes" in milliseconds; null where it is none. */
export function spanOf(text: unknown): number | null {
  const match = typeof text === "string" ? /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(text) : null;
  if (!match) return null;
  const unit = UNITS.find(([names]) => names.includes((match[2] ?? "").toLowerCase()));
  return unit ? Number(match[1]) * unit[1] : null;
}

const UNITS: readonly (readonly [readonly string[], number])[] = [
  [["ms", "milli", "millis", "millisecond", "milliseconds"], 1],
  [["s", "sec", "secs", "second", "seconds"], 1000],
  [["m", "min", "mins", "minute", "minutes"], 60_000],
  [["h", "hour", "hours"], 3_600_000],
  [["d", "day", "days"], 86_400_000],
];

/** For each time as text by how many milliseconds it is earlier than the latest before it. */
export function behindOf(times: readonly unknown[]): number[] {
  let latest = -Infinity;
  return times.map((value) => {
    const time = typeof value === "string" ? Date.parse(`${value.trim().replace(" ", "T").replace(/Z$/, "")}Z`) : NaN;
    if (Number.isNaN(time)) return 0;
    latest = Math.max(latest, time);
    return latest - time;
  });
}
