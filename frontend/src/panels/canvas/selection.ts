/** What is selected on the canvas. `primary` is the node of the URL, which panels beside the canvas show; undo never touches any of it. */

import { useEffect, useRef } from "react";
import { create } from "zustand";

export interface Selection {
  nodes: ReadonlySet<string>;
  /** Wires, by the ids that `wiresOf` gives them. */
  edges: ReadonlySet<string>;
  /** Groups and notes. */
  parts: ReadonlySet<string>;
  primary: string | null;
}

const NONE: ReadonlySet<string> = new Set();
const NOTHING: Selection = { nodes: NONE, edges: NONE, parts: NONE, primary: null };

export const useSelection = create<Selection>(() => NOTHING);

export interface Chosen {
  nodes?: Iterable<string>;
  edges?: Iterable<string>;
  parts?: Iterable<string>;
  /** The one that was chosen last; the last of `nodes` without it. */
  primary?: string | null;
}

/** Selects this and nothing else. */
export function choose({ nodes = [], edges = [], parts = [], primary }: Chosen): void {
  const before = useSelection.getState();
  const all = new Set(nodes);
  const last = primary !== undefined && primary !== null && all.has(primary) ? primary : ([...all].at(-1) ?? null);
  const next = { nodes: kept(before.nodes, all), edges: kept(before.edges, new Set(edges)), parts: kept(before.parts, new Set(parts)), primary: last };
  if (next.nodes !== before.nodes || next.edges !== before.edges || next.parts !== before.parts || last !== before.primary) useSelection.setState(next);
}

/** Selects a node besides what is selected, or no longer. */
export function toggle(node: string): void {
  const { nodes, edges, parts } = useSelection.getState();
  const next = new Set(nodes);
  if (!next.delete(node)) next.add(node);
  choose({ nodes: next, edges, parts, primary: next.has(node) ? node : null });
}

/** The same set where it holds the same, so that nobody is told of a change that is none. */
function kept(before: ReadonlySet<string>, after: ReadonlySet<string>): ReadonlySet<string> {
  return before.size === after.size && [...after].every((each) => before.has(each)) ? before : after;
}

/** Keeps the URL's node and the selection's primary one the same, whichever of them changes; forgets what is no more. */
export function useLinked(selected: string | null, onSelect: (node: string | null) => void, exists: (node: string) => boolean): void {
  const primary = useSelection((state) => state.primary);
  const asked = useRef<Array<string | null>>([]);
  useEffect(() => {
    const echo = asked.current.indexOf(selected);
    if (echo >= 0) asked.current.splice(0, echo + 1); // what we asked for ourselves has arrived
    else if (selected !== useSelection.getState().primary) choose({ nodes: selected ? [selected] : [] });
  }, [selected]);
  useEffect(() => {
    const now = useSelection.getState().primary; // what the URL has just asked for counts already
    if (now === selected || asked.current.at(-1) === now) return;
    asked.current.push(now);
    onSelect(now);
    // only a change of the selection asks for another URL
  }, [primary]); // eslint-disable-line react-hooks/exhaustive-deps
  useEffect(() => {
    const { nodes, edges, parts } = useSelection.getState();
    if ([...nodes].some((node) => !exists(node))) choose({ nodes: [...nodes].filter(exists), edges, parts });
  }, [exists]);
  useEffect(() => () => useSelection.setState(NOTHING), []);
}
