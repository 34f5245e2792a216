/** What of the pipeline is in view. */

import { type ReactFlowInstance, useReactFlow, useStore } from "@xyflow/react";
import { useCallback, useEffect, useRef } from "react";

import { SHAPE } from "../../document/layout";
import type { Tile } from "./NodeTile";
import type { WireEdge } from "./RateEdge";

export const FIT = { padding: { top: "14px", bottom: "18px", left: "56px", right: "22px" }, maxZoom: 1.1, minZoom: 0.2 } as const;

export type Flow = ReactFlowInstance<Tile, WireEdge>;
export const useFlow = useReactFlow<Tile, WireEdge>;

/** Keeps everything in view as nodes come and the canvas changes its size, until the person chooses a view. */
export function useFitting(count: number): (event: unknown) => void {
  const { fitView } = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const moved = useRef(false);
  useEffect(() => {
    if (count && width && height && !moved.current) void fitView(FIT);
  }, [fitView, count, width, height]);
  return useCallback((event: unknown) => {
    if (event) moved.current = true; // without an event it was us
  }, []);
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
