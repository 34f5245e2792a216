import type { ReactNode } from "react";

import classes from "./BarList.module.css";
import { number } from "./format";

export interface BarItem {
  key: string;
  label: ReactNode;
  value: number;
  /** Half the length of the whisker around the value's end, in the value's unit. */
  deviation?: number | null;
  title?: string;
}

/** Values as bars from a common zero, negative ones to its left, with whiskers where a deviation is known. */
export function BarList({ items, format = number }: { items: readonly BarItem[]; format?: (value: number) => string }) {
  const low = Math.min(0, ...items.map((item) => item.value - (item.deviation ?? 0)));
  const high = Math.max(0, ...items.map((item) => item.value + (item.deviation ?? 0)));
  const span = high - low || 1;
  const at = (value: number) => ((value - low) / span) * 100;
  return (
    <ul className={classes.list}>
      {items.map((item) => (
        <li className={classes.item} key={item.key} title={item.title}>
          <span className={`${classes.label} p-truncate`}>{item.label}</span>
          <span className={classes.track} aria-hidden>
            <span
              className={classes.bar}
              style={{
                left: `${at(Math.min(0, item.value))}%`,
                width: `${at(Math.max(0, item.value)) - at(Math.min(0, item.value))}%`,
                background: item.value < 0 ? "var(--p-series-2)" : "var(--p-series-0)",
              }}
            />
            <span className={classes.zero} style={{ left: `${at(0)}%` }} />
            {item.deviation ? (
              <span
                className={classes.whisker}
                style={{ left: `${at(item.value - item.deviation)}%`, width: `${2 * (at(item.deviation) - at(0))}%` }}
              />
            ) : null}
          </span>
          <span className="p-number" style={{ textAlign: "right" }}>
            {format(item.value)}
            {item.deviation ? <span className="p-muted"> ± {format(item.deviation)}</span> : null}
          </span>
        </li>
      ))}
    </ul>
  );
}
