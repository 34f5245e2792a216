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

type Drafts = Readonly<Record<number, Draft>>;

const KEPT = "porsche.sql";

export const useDrafts = create<Drafts>(kept);

/** A reload keeps them; each tab of the browser has its own. */
useDrafts.subscribe((drafts) => {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(drafts, (name, value: unknown) => (name === "failure" ? undefined : value)));
  } catch {
    // no storage, or no room in it: they stay until the page is left
  }
});

function kept(): Drafts {
  try {
    const drafts = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}") as Record<number, Partial<Draft>>;
    const whole = Object.entries(drafts).filter((entry): entry is [string, Draft] => isDraft(entry[1]));
    return Object.fromEntries(whole);
  } catch {
    return {};
  }
}

function isDraft(value: Partial<Draft> | null): boolean {
  return [value?.text, value?.sql, value?.document].every((part) => typeof part === "string");
}

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
