/** SQL that is being edited, by pipeline: it stays while other panels are looked at. */

import { create } from "zustand";

export interface Draft {
  text: string;
  /** The SQL as it was, and the document that it was of. */
  sql: string;
  document: string;
  /** Why it could not be applied. */
  failure?: unknown;
}

export const useDrafts = create<Readonly<Record<number, Draft>>>(() => ({}));

export function beginDraft(pipeline: number, sql: string, document: string): void {
  useDrafts.setState({ [pipeline]: { text: sql, sql, document } });
}

export function typeDraft(pipeline: number, text: string): void {
  const draft = useDrafts.getState()[pipeline];
  if (draft) useDrafts.setState({ [pipeline]: { ...draft, text, failure: undefined } });
}

export function failDraft(pipeline: number, failure: unknown): void {
  const draft = useDrafts.getState()[pipeline];
  if (draft) useDrafts.setState({ [pipeline]: { ...draft, failure } });
}

export function endDraft(pipeline: number): void {
  useDrafts.setState((drafts) => Object.fromEntries(Object.entries(drafts).filter(([id]) => id !== String(pipeline))), true);
}
