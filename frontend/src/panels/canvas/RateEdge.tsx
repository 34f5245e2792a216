import { BaseEdge, type EdgeProps, getBezierPath, getSmoothStepPath } from "@xyflow/react";
import { memo, use } from "react";

import { number } from "../../design/format";
import { t } from "../../i18n";
import { useFlow, useFlowChange, usePreview } from "../preview/store";
import { useFigures } from "../run/figures";
import classes from "./canvas.module.css";
import { DetailContext, LiveContext } from "./detail";
import { type WireEdge, toneOf, wireWidth } from "./graph";
import { lanePath } from "./lane";

export type { WireEdge } from "./graph";

type Ends = Pick<EdgeProps<WireEdge>, "sourceX" | "sourceY" | "targetX" | "targetY" | "sourcePosition" | "targetPosition">;

/** By its lane, where it has one; else a curve, or right angles back to the left. */
export function wirePath(ends: Ends, lane: number | null | undefined): string {
  const { sourceX, sourceY, targetX, targetY } = ends;
  if (lane !== null && lane !== undefined) return lanePath(sourceX, sourceY, targetX, targetY, lane);
  return targetX < sourceX + 20 ? getSmoothStepPath({ ...ends, borderRadius: 12, offset: 18 })[0] : getBezierPath(ends)[0];
}

/** Where a wire's count stands: in the middle of the wire, or of its lane. */
export function wireMiddle(ends: Ends, lane: number | null | undefined): readonly [number, number] {
  const { sourceX, targetX } = ends;
  if (lane !== null && lane !== undefined) return [(sourceX + targetX) / 2, lane];
  const [, x, y] = targetX < sourceX + 20 ? getSmoothStepPath({ ...ends, borderRadius: 12, offset: 18 }) : getBezierPath(ends);
  return [x, y];
}

/** A wire as thick as what flows through it, and of the colour of how much it is held back. */
export const RateEdge = memo(function RateEdge(props: EdgeProps<WireEdge>) {
  const source = use(LiveContext) ? props.source : "";
  const width = useFigures((state) => wireWidth(state.nodes[source]?.outRate ?? null));
  const tone = useFigures((state) => toneOf(state.nodes[source]));
  return (
    <>
      <BaseEdge
        id={props.id}
        path={wirePath(props, props.data?.lane)}
        style={{ strokeWidth: width, strokeDasharray: props.data?.relation === "rows" ? undefined : "5 3" }}
        className={`p-wire ${props.selected ? "p-wire-selected" : ""} ${tone ? `p-wire-${tone}` : ""}`}
      />
      <Flow source={source} at={wireMiddle(props, props.data?.lane)} />
    </>
  );
});

/** Where nothing runs: the rows of the sample that went along a wire, and by how many the last edit changed them. */
const Flow = memo(function Flow({ source, at: [x, y] }: { source: string; at: readonly [number, number] }) {
  const near = use(DetailContext) === "near";
  const runs = useFigures((state) => state.nodes[source] !== undefined);
  const rows = useFlow(source);
  const change = useFlowChange(source);
  const stale = usePreview((state) => state.busy);
  if (!near || runs || rows === null) return null;
  return (
    <text x={x} y={y} className={classes.flowed} data-changed={change !== 0 || undefined} data-stale={stale || undefined} aria-hidden>
      <title>{change ? t("{count} rows in the preview, {before} before the last edit", { count: number(rows), before: number(rows - change) }) : t("{count} rows in the preview", { count: number(rows) })}</title>
      {number(rows)}{change > 0 ? " ▴" : change < 0 ? " ▾" : ""}
    </text>
  );
});
