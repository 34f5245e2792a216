/** What of the pipeline is in view. */

import { type AriaLabelConfig, type ReactFlowInstance, useReactFlow, useStore } from "@xyflow/react";
import { useCallback, useEffect, useRef } from "react";

import { SHAPE } from "../../document/layout";
import { t } from "../../i18n";
import type { WireEdge } from "./graph";
import type { Standing } from "./useTiles";

export const FIT = { padding: { top: "52px", bottom: "18px", left: "22px", right: "22px" }, maxZoom: 1.1, minZoom: 0.2 } as const;

/** What a screen reader says beside a node's own name. */
export const ariaLabels = (): Partial<AriaLabelConfig> => ({
  "node.a11yDescription.default": t("Arrows go from node to node; Enter shows its settings; Delete removes it."),
  "edge.a11yDescription.default": t("A wire: the outline lists all of them."),
  "minimap.ariaLabel": t("Map of the pipeline"),
});

export type Flow = ReactFlowInstance<Standing, WireEdge>;
export const useFlow = useReactFlow<Standing, WireEdge>;

/** Fits all into view as the canvas gets its nodes and its size; later nodes only where they would be out of view. Ends once the person chooses a view. */
export function useFitting(count: number): (event: unknown) => void {
  const flow = useFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const moved = useRef(false);
  const fitted = useRef("");
  useEffect(() => {
    if (!count || !width || !height || moved.current) return;
    const size = `${width} ${height}`;
    if (fitted.current !== size || !allInView(flow, width, height)) void flow.fitView(FIT);
    fitted.current = size;
  }, [flow, count, width, height]);
  return useCallback((event: unknown) => {
    if (event) moved.current = true; // without an event it was us
  }, []);
}

function allInView(flow: Flow, width: number, height: number): boolean {
  const { x, y, width: across, height: down } = flow.getNodesBounds(flow.getNodes());
  const { x: left, y: top, zoom } = flow.getViewport();
  return x * zoom + left >= 0 && y * zoom + top >= 0 && (x + across) * zoom + left <= width && (y + down) * zoom + top <= height;
}

/** Brings a node that was selected elsewhere into view, without moving what is in view already. */
export function useShowSelected(selected: string | null) {
  const flow = useFlow();
  useEffect(() => {
    if (selected) reveal(flow, selected);
  }, [selected, flow]);
}

/** Brings a node into view where it is not. */
export function reveal(flow: Flow, id: string): void {
  const node = flow.getNode(id);
  const box = document.querySelector(".react-flow")?.getBoundingClientRect();
  if (!node || !box) return;
  const [x, y] = [node.position.x + (node.width ?? SHAPE.width) / 2, node.position.y + (node.height ?? SHAPE.height) / 2];
  const at = flow.flowToScreenPosition({ x, y });
  if (at.x < box.left || at.x > box.right || at.y < box.top || at.y > box.bottom) void flow.setCenter(x, y, { zoom: flow.getZoom() });
}
