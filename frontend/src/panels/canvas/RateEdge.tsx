import { BaseEdge, type Edge, type EdgeProps, getBezierPath, getSmoothStepPath } from "@xyflow/react";
import { memo } from "react";

import { useFigures } from "../run/figures";
import { wireWidth } from "./graph";

export type WireEdge = Edge<{ relation: string }, "rate">;

/** A wire as thick as what flows through it. One that leads back to the left goes round in right angles. */
export const RateEdge = memo(function RateEdge(props: EdgeProps<WireEdge>) {
  const rate = useFigures((state) => state.nodes[props.source]?.outRate ?? null);
  const [path] = props.targetX < props.sourceX + 20 ? getSmoothStepPath({ ...props, borderRadius: 12, offset: 18 }) : getBezierPath(props);
  return (
    <BaseEdge
      id={props.id}
      path={path}
      style={{ strokeWidth: wireWidth(rate), strokeDasharray: props.data?.relation === "rows" ? undefined : "5 3" }}
      className={props.selected ? "p-wire p-wire-selected" : "p-wire"}
    />
  );
});
