/** What is being typed in forms, and is not in the document yet: a moment later it is. Nobody may take the document for all there is before. */

import { create } from "zustand";

/** Puts what is typed into the document, now. */
type Draft = () => void;

export const useDrafts = create<{ held: ReadonlySet<Draft> }>(() => ({ held: new Set() }));

export function hold(draft: Draft): void {
  const { held } = useDrafts.getState();
  if (!held.has(draft)) useDrafts.setState({ held: new Set([...held, draft]) });
}

export function release(draft: Draft): void {
  const { held } = useDrafts.getState();
  if (held.has(draft)) useDrafts.setState({ held: new Set([...held].filter((each) => each !== draft)) });
}

/** Puts all of it into the document: before it is saved, run, or left. */
export function settleDrafts(): void {
  for (const draft of useDrafts.getState().held) draft();
}
