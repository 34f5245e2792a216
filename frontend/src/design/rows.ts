/** The pure parts of a table of many rows: order, selection, and which rows are in sight. */

export type Direction = "ascending" | "descending";
export type Sortable = string | number | boolean | null | undefined;

/** Missing values come last, whichever the direction; equal ones keep their order. */
export function sorted<T>(rows: readonly T[], value: (row: T) => Sortable, direction: Direction): T[] {
  const sign = direction === "ascending" ? 1 : -1;
  return [...rows].sort((a, b) => {
    const left = value(a) ?? null;
    const right = value(b) ?? null;
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    if (typeof left === "string" && typeof right === "string") return sign * left.localeCompare(right, "en", { numeric: true });
    return left < right ? -sign : left > right ? sign : 0;
  });
}

/** Rows that are drawn above and below those in sight, so that scrolling a little shows no gap. */
export const SPARE = 8;

/** First and last+1 of the rows to draw, for a box scrolled to `top`, with a few rows to spare on both sides. */
export function inSight(count: number, top: number, height: number, rowHeight: number, spare = SPARE): [number, number] {
  const first = Math.max(0, Math.floor(top / rowHeight) - spare);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + spare);
  return [Math.min(first, Math.max(0, count - 1)), last];
}

/** The selection after a click on `key`: toggled, or with `from` the whole stretch between the two put in. */
export function selected<K>(order: readonly K[], selection: ReadonlySet<K>, key: K, from: K | null): Set<K> {
  const found = new Set(selection);
  const start = from === null ? -1 : order.indexOf(from);
  if (start < 0) {
    if (!found.delete(key)) found.add(key);
    return found;
  }
  const end = order.indexOf(key);
  for (const one of order.slice(Math.min(start, end), Math.max(start, end) + 1)) found.add(one);
  return found;
}
