/** What is being typed in forms, and is not in the document yet: a moment later it is. Nobody may take the document for all there is before. */

import { create } from "zustand";

/** Puts what is typed into the document, now. */
type Draft = () => void;

/** By field. */
export const useTyping = create<{ held: ReadonlyMap<string, Draft> }>(() => ({ held: new Map() }));

export function hold(field: string, draft: Draft): void {
  const { held } = useTyping.getState();
  if (!held.has(field)) useTyping.setState({ held: new Map([...held, [field, draft]]) });
}

export function release(field: string): void {
  const { held } = useTyping.getState();
  if (held.has(field)) useTyping.setState({ held: new Map([...held].filter(([each]) => each !== field)) });
}

/** Puts all of it into the document: before it is saved, run, or left. */
export function settleTyping(): void {
  for (const draft of useTyping.getState().held.values()) draft();
}
