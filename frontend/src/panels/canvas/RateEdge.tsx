import { BaseEdge, type Edge, type EdgeProps, getBezierPath, getSmoothStepPath } from "@xyflow/react";
import { memo } from "react";

import { useFigures } from "../run/figures";
import { wireWidth } from "./graph";
import { lanePath } from "./lane";

export type WireEdge = Edge<{ relation: string; lane: number | null }, "rate">;

/** By its lane, where it has one; else a curve, or right angles back to the left. */
function wirePath(props: EdgeProps<WireEdge>): string {
  const { sourceX, sourceY, targetX, targetY, data } = props;
  if (data?.lane !== null && data?.lane !== undefined) return lanePath(sourceX, sourceY, targetX, targetY, data.lane);
  return targetX < sourceX + 20 ? getSmoothStepPath({ ...props, borderRadius: 12, offset: 18 })[0] : getBezierPath(props)[0];
}

/** A wire as thick as what flows through it. One that leads back to the left goes round in right angles. */
export const RateEdge = memo(function RateEdge(props: EdgeProps<WireEdge>) {
  const rate = useFigures((state) => state.nodes[props.source]?.outRate ?? null);
  const path = wirePath(props);
  return (
    <BaseEdge
      id={props.id}
      path={path}
      style={{ strokeWidth: wireWidth(rate), strokeDasharray: props.data?.relation === "rows" ? undefined : "5 3" }}
      className={props.selected ? "p-wire p-wire-selected" : "p-wire"}
    />
  );
});
