import { BaseEdge, type EdgeProps, getBezierPath, getSmoothStepPath } from "@xyflow/react";
import { memo } from "react";

import { useFigures } from "../run/figures";
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

/** A wire as thick as what flows through it, and of the colour of how much it is held back. */
export const RateEdge = memo(function RateEdge(props: EdgeProps<WireEdge>) {
  const width = useFigures((state) => wireWidth(state.nodes[props.source]?.outRate ?? null));
  const tone = useFigures((state) => toneOf(state.nodes[props.source]));
  return (
    <BaseEdge
      id={props.id}
      path={wirePath(props, props.data?.lane)}
      style={{ strokeWidth: width, strokeDasharray: props.data?.relation === "rows" ? undefined : "5 3" }}
      className={`p-wire ${props.selected ? "p-wire-selected" : ""} ${tone ? `p-wire-${tone}` : ""}`}
    />
  );
});
