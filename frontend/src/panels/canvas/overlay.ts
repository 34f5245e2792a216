/** What lies over the canvas for a moment: the list of components, of targets, of what was found; a menu; a field for a name. */

import { create } from "zustand";

import type { ModelEdge } from "../../document/model";

export interface Point {
  x: number;
  y: number;
}

export type Overlay =
  /** `at`: on the canvas, where the node goes; `point`: on the screen, where the list opens. */
  | { kind: "add"; point: Point | null; at?: readonly [number, number]; after?: string; before?: { node: string; port?: string }; onEdge?: ModelEdge }
  | { kind: "connect"; node: string }
  | { kind: "find" }
  | { kind: "rename"; node: string }
  | { kind: "component"; nodes: readonly string[] }
  | { kind: "regroup"; nodes: readonly string[] }
  | { kind: "menu"; point: Point; target: "node" | "edge" | "pane" | "group" | "note" };

export const useOverlay = create<{ overlay: Overlay | null; back: HTMLElement | null }>(() => ({ overlay: null, back: null }));

/** Opens it; what had the focus has it again when it closes. */
export function open(overlay: Overlay): void {
  const focused = document.activeElement;
  const before = useOverlay.getState();
  useOverlay.setState({ overlay, back: before.overlay ? before.back : focused instanceof HTMLElement && focused !== document.body ? focused : null });
}

export function close(refocus = true): void {
  const { back } = useOverlay.getState();
  useOverlay.setState({ overlay: null, back: null });
  if (refocus && back?.isConnected) back.focus();
}

/** The note that is being written. */
export const useWriting = create<{ note: string | null }>(() => ({ note: null }));
