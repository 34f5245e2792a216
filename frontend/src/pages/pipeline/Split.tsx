import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef } from "react";

import { useKept } from "../../panels/run/kept";
import classes from "./page.module.css";

interface SplitProps {
  /** Under which the size is remembered. */
  name: string;
  /** Where the panel of its own size is: right of the rest, or below. */
  side: "right" | "below";
  label: string;
  initial: number;
  least: number;
  /** What the rest needs at least. */
  leave: number;
  children: [rest: ReactNode, panel: ReactNode];
}

const STEP = 24;

/** Two regions with a border that is moved by pointer or arrow keys; a double click gives the first size again. */
export function Split({ name, side, label, initial, least, leave, children }: SplitProps) {
  const [kept, setSize] = useKept(`split.${name}`, initial);
  const box = useRef<HTMLDivElement>(null);
  const across = side === "right";
  const most = () => Math.max(least, (across ? box.current?.clientWidth : box.current?.clientHeight) ?? Infinity) - leave;
  const resize = (size: number) => setSize(Math.round(Math.max(least, Math.min(size, most()))));
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const area = box.current?.getBoundingClientRect();
    if (area) resize(across ? area.right - event.clientX : area.bottom - event.clientY);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const grow = across ? "ArrowLeft" : "ArrowUp";
    const shrink = across ? "ArrowRight" : "ArrowDown";
    if (event.key !== grow && event.key !== shrink) return;
    event.preventDefault();
    resize(kept + (event.key === grow ? STEP : -STEP));
  };
  const [rest, panel] = children;
  return (
    <div ref={box} className={across ? classes.across : classes.down}>
      <div className={classes.rest}>{rest}</div>
      <div className={classes.border} role="separator" tabIndex={0} aria-label={label} aria-orientation={across ? "vertical" : "horizontal"}
        aria-valuenow={kept} aria-valuemin={least} data-side={side} onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={onPointerMove} onKeyDown={onKeyDown} onDoubleClick={() => resize(initial)} />
      <div className={classes.panel} style={across ? { width: kept, maxWidth: `calc(100% - ${leave}px)` } : { height: kept, maxHeight: `calc(100% - ${leave}px)` }}>
        {panel}
      </div>
    </div>
  );
}
