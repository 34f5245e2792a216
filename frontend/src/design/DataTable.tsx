import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { type KeyboardEvent, memo, type MouseEvent, type ReactNode, useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";

import { t } from "../i18n";
import classes from "./DataTable.module.css";
import { type Direction, inSight, selected, type Sortable, sorted, SPARE } from "./rows";
import { useStable } from "./useStable";

export type RowKey = string | number;

export interface Column<T> {
  id: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** What the column is sorted by; without it it cannot be sorted. */
  sort?: (row: T) => Sortable;
  /** CSS width; what is left is shared by columns without one. */
  width?: number;
  align?: "end";
  help?: string;
}

export interface Order {
  column: string;
  direction: Direction;
}

interface DataTableProps<T> {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => RowKey;
  rowLabel: (row: T) => string;
  order?: Order;
  onOpen?: (row: T) => void;
  selection?: ReadonlySet<RowKey>;
  onSelect?: (keys: Set<RowKey>) => void;
  /** Rows that are shown as chosen, in a table without boxes to tick. */
  marked?: ReadonlySet<RowKey>;
  empty?: ReactNode;
  rowHeight?: number;
  /** The narrowest the table gets before it scrolls sideways. */
  minWidth?: number;
}

/**
 * A table of many rows: only those in sight are drawn. Columns sort; arrows, Home and End walk the rows, Enter opens
 * one, Space selects it, Shift with a click selects a stretch, Ctrl+A all.
 */
export function DataTable<T>(props: DataTableProps<T>) {
  const { label, columns, rows, rowKey, rowLabel, onOpen, selection, onSelect, marked, empty, rowHeight = 34, minWidth } = props;
  const [order, setOrder] = useState<Order | null>(props.order ?? null);
  const ordered = useMemo(() => {
    const by = columns.find((column) => column.id === order?.column)?.sort;
    return by && order ? sorted(rows, by, order.direction) : rows;
  }, [rows, columns, order]);
  const box = useRef<HTMLDivElement>(null);
  const [first, last] = useSight(box, ordered.length, rowHeight);
  const [active, setActive] = useState<RowKey | null>(null);
  const anchor = useRef<RowKey | null>(null);
  const focusOn = useFocus(box);
  const keys = useMemo(() => ordered.map(rowKey), [ordered, rowKey]);
  const activeAt = Math.max(0, active === null ? 0 : keys.indexOf(active));
  // The tab key must find a row, also when the one it left is scrolled away.
  const tabAt = activeAt >= first && activeAt < last ? activeAt : Math.min(first + SPARE, last - 1);

  const choose = useStable((key: RowKey, stretch: boolean) => {
    if (!onSelect || !selection) return;
    onSelect(selected(keys, selection, key, stretch ? anchor.current : null));
    anchor.current = key;
  });
  const open = useStable((row: T) => onOpen?.(row));
  const focusRow = (at: number) => {
    const to = Math.min(ordered.length - 1, Math.max(0, at));
    const row = ordered[to];
    if (row === undefined || !box.current) return;
    setActive(rowKey(row));
    focusOn(to);
    reveal(box.current, to, rowHeight);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.target instanceof HTMLTableRowElement)) return;
    const row = ordered[activeAt];
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 300) / rowHeight) - 2);
    const moves: Record<string, number> = { ArrowDown: activeAt + 1, ArrowUp: activeAt - 1, PageDown: activeAt + page, PageUp: activeAt - page, Home: 0, End: ordered.length - 1 };
    const to = moves[event.key];
    if (to !== undefined) focusRow(to);
    else if (event.key === "Enter" && row !== undefined) onOpen?.(row);
    else if (event.key === " " && row !== undefined) choose(rowKey(row), event.shiftKey);
    else if (event.key === "a" && (event.ctrlKey || event.metaKey)) onSelect?.(new Set(keys));
    else return;
    event.preventDefault();
  };

  if (rows.length === 0 && empty) return <>{empty}</>;
  return (
    <div className={classes.box} ref={box}>
      <table className={classes.table} style={{ minWidth }} role="grid" aria-label={label} aria-rowcount={ordered.length + 1} onKeyDown={onKeyDown}>
        <Head columns={columns} order={order} onOrder={setOrder} keys={keys} selection={selection} onSelect={onSelect} />
        <tbody>
          <Spacer height={first * rowHeight} />
          {ordered.slice(first, last).map((row, index) => {
            const key = rowKey(row);
            return (
              <Row
                key={key}
                row={row}
                at={first + index}
                columns={columns}
                height={rowHeight}
                label={rowLabel(row)}
                focusable={first + index === tabAt}
                chosen={selection ? selection.has(key) : null}
                marked={(marked ?? selection)?.has(key)}
                onOpen={onOpen ? open : undefined}
                onFocus={() => setActive(key)}
                onChoose={(stretch) => choose(key, stretch)}
              />
            );
          })}
          <Spacer height={(ordered.length - last) * rowHeight} />
        </tbody>
      </table>
    </div>
  );
}

/** Gives the row at a place the focus, as soon as it is drawn: scrolling to it may take a moment. */
function useFocus(box: React.RefObject<HTMLDivElement | null>): (at: number) => void {
  const goal = useRef<number | null>(null);
  useLayoutEffect(() => {
    const row = goal.current === null ? null : box.current?.querySelector<HTMLElement>(`tr[data-at="${goal.current}"]`);
    if (!row) return;
    goal.current = null;
    row.focus({ preventScroll: true });
  });
  return useCallback((at: number) => {
    goal.current = at;
  }, []);
}

/** Which rows are in sight of the scrolled box. */
function useSight(box: React.RefObject<HTMLDivElement | null>, count: number, rowHeight: number): [number, number] {
  const [sight, setSight] = useState({ top: 0, height: 800 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const look = () => {
      const next = { top: element.scrollTop, height: element.clientHeight };
      setSight((old) => (old.height === next.height && Math.abs(old.top - next.top) < rowHeight ? old : next));
    };
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    look();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [box, rowHeight, count === 0]); // eslint-disable-line react-hooks/exhaustive-deps -- the box appears with the first row
  return inSight(count, sight.top, sight.height, rowHeight);
}

function reveal(box: HTMLElement, at: number, rowHeight: number) {
  const top = at * rowHeight;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + 2 * rowHeight > box.scrollTop + box.clientHeight) box.scrollTop = top + 2 * rowHeight - box.clientHeight;
}

function Spacer({ height }: { height: number }) {
  return height > 0 ? (
    <tr className={classes.spacer} aria-hidden>
      <td style={{ height }} />
    </tr>
  ) : null;
}

interface HeadProps<T> {
  columns: readonly Column<T>[];
  order: Order | null;
  onOrder: (order: Order) => void;
  keys: readonly RowKey[];
  selection?: ReadonlySet<RowKey>;
  onSelect?: (keys: Set<RowKey>) => void;
}

function Head<T>({ columns, order, onOrder, keys, selection, onSelect }: HeadProps<T>) {
  const all = selection !== undefined && keys.length > 0 && keys.every((key) => selection.has(key));
  return (
    <thead>
      <tr>
        {selection ? (
          <th className={classes.check}>
            <input type="checkbox" aria-label={t("Select all")} checked={all} onChange={() => onSelect?.(all ? new Set() : new Set(keys))} />
          </th>
        ) : null}
        {columns.map((column) => {
          const sign = order?.column === column.id ? order.direction : "none";
          const next = sign === "ascending" ? "descending" : "ascending";
          return (
            <th key={column.id} style={{ width: column.width }} className={column.align === "end" ? classes.end : undefined} aria-sort={column.sort ? sign : undefined} title={column.help && t(column.help)}>
              {column.sort ? (
                <button type="button" onClick={() => onOrder({ column: column.id, direction: next })}>
                  {t(column.title)}
                  {sign === "ascending" ? <IconChevronUp size={12} aria-hidden /> : null}
                  {sign === "descending" ? <IconChevronDown size={12} aria-hidden /> : null}
                </button>
              ) : (
                t(column.title)
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

interface RowProps<T> {
  row: T;
  at: number;
  columns: readonly Column<T>[];
  height: number;
  label: string;
  focusable: boolean;
  chosen: boolean | null;
  marked?: boolean;
  onOpen?: (row: T) => void;
  onFocus: () => void;
  onChoose: (stretch: boolean) => void;
}

function RowOf<T>({ row, at, columns, height, label, focusable, chosen, marked, onOpen, onFocus, onChoose }: RowProps<T>) {
  const onClick = (event: MouseEvent) => {
    if (event.target instanceof Element && event.target.closest("a, button, input")) return;
    if (chosen !== null && (event.shiftKey || event.ctrlKey || event.metaKey)) onChoose(event.shiftKey);
    else onOpen?.(row);
  };
  return (
    <tr
      className={onOpen ? `${classes.row} ${classes.clickable}` : classes.row}
      style={{ height }}
      data-at={at}
      tabIndex={focusable ? 0 : -1}
      aria-rowindex={at + 2}
      aria-selected={marked}
      aria-label={label}
      onClick={onClick}
      onFocus={onFocus}
    >
      {chosen === null ? null : (
        <td className={classes.check}>
          <input type="checkbox" tabIndex={-1} aria-label={t("Select {name}", { name: label })} checked={chosen} onClick={(event) => onChoose(event.shiftKey)} readOnly />
        </td>
      )}
      {columns.map((column) => (
        <td key={column.id} className={column.align === "end" ? classes.end : undefined}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

/** Drawn anew when its row or its marks change; what it calls stays the same. */
const Row = memo(
  RowOf,
  (a, b) =>
    a.row === b.row && a.at === b.at && a.columns === b.columns && a.chosen === b.chosen && a.marked === b.marked && a.focusable === b.focusable && a.height === b.height,
) as typeof RowOf;
