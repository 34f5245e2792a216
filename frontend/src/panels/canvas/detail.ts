/**
 * How much of each tile and wire is drawn: what cannot be read at a zoom is left out. With hundreds of nodes in view this, more than
 * anything else, is what a frame costs.
 */

import { type ReactFlowState, useStore } from "@xyflow/react";
import { createContext, useMemo } from "react";

/** `near`: all of it; `far`: names and figures, larger; `tiny`: boxes only, and all wires in one drawing. */
export type Detail = "near" | "far" | "tiny";

export const DetailContext = createContext<Detail>("near");

/** Whether what a run does is drawn: figures are of the nodes of the document itself. */
export const LiveContext = createContext(true);

const FAR = 0.55;
const TINY = 0.3;
/** Up to so many nodes names are drawn at every zoom. */
const FEW = 60;
/** From so many nodes on those out of sight are not made at all. */
const MANY = 150;

export function detailAt(zoom: number, nodes: number): Detail {
  if (zoom >= FAR) return "near";
  return zoom < TINY && nodes > FEW ? "tiny" : "far";
}

/** The canvas begins at this, until something is fitted into view. */
const untouched = ({ transform: [x, y, zoom] }: ReactFlowState) => x === 0 && y === 0 && zoom === 1;

/** How much is drawn now of so many nodes. Until it is known what is in view, little of many. */
export function useDetail(nodes: number): { detail: Detail; onlyVisible: boolean } {
  const detail = useStore((state) => (nodes > MANY && untouched(state) ? "tiny" : detailAt(state.transform[2], nodes)));
  return { detail, onlyVisible: nodes > MANY && detail !== "tiny" };
}

/**
 * The nodes as objects of their own for tiles with ports and for those without: React Flow measures the ports of whatever it draws,
 * and of a tile without any it would go on thinking so; of a node that is new to it, it takes the ports that the node has itself.
 */
export function useTold<N extends object>(nodes: readonly N[], detail: Detail): N[] {
  const tiny = detail === "tiny";
  const copies = useMemo(() => ({ tiny, of: new WeakMap<N, N>() }), [tiny]);
  return useMemo(() => nodes.map((node) => {
    const known = copies.of.get(node);
    if (known) return known;
    const copy = { ...node };
    copies.of.set(node, copy);
    return copy;
  }), [nodes, copies]);
}

/** As many of a text's characters as fit; Chinese ones are twice as wide. The rest is left out, without a box that clips it. */
export function cut(text: string, most: number): string {
  let width = 0;
  let end = 0;
  for (const character of text) {
    width += character > "\u2E7F" ? 2 : 1;
    if (width > most) return `${text.slice(0, end).trimEnd()}…`;
    end += character.length;
  }
  return text;
}
