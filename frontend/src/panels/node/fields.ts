/** What fields of forms share: what is typed becomes a change of the document a moment later, all of it one step of undo. */

import { type KeyboardEvent, type RefObject, useEffect, useId, useLayoutEffect, useRef, useState } from "react";

import { useStable } from "../../design/useStable";
import { hold, release } from "../document/typing";

/** How long after the last letter the document changes, in milliseconds. */
export const TYPING_MS = 350;

export interface Draft {
  value: string;
  /** How often something else than typing changed it. */
  replaced: number;
  set: (value: string) => void;
  /** Makes the change now. */
  done: () => void;
  /** Goes back to what it was when the field got the focus. */
  restore: () => void;
  begin: () => void;
  isDirty: () => boolean;
}

/**
 * A text that is being typed. `commit` is called with it while one pauses, and when one is done. `normal`: what the document makes of
 * a text, as a text: one that means the same stays as it was typed. `late`: not before one is done, as with names that others refer to.
 */
export function useTyped(value: string, commit: (value: string) => void, normal: (text: string) => string = trimmed, late = false): Draft {
  const [draft, setDraft] = useState(value);
  const [of, setOf] = useState(value);
  const [replaced, setReplaced] = useState(0);
  const typed = useRef<string | null>(null);
  const before = useRef(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const id = useId();
  const done = useStable(() => {
    const next = typed.current;
    if (next === null) return;
    typed.current = null;
    clearTimeout(timer.current);
    release(id);
    if (next !== value) commit(next);
  });
  const replace = (next: string) => {
    setDraft(next);
    setReplaced((count) => count + 1);
  };
  if (of !== value) {
    setOf(value);
    if (normal(draft) !== value) replace(value);
  }
  useEffect(() => done, [done]);
  return {
    value: draft,
    replaced,
    set: (next) => {
      setDraft(next);
      typed.current = next;
      hold(id, done);
      clearTimeout(timer.current);
      if (!late) timer.current = setTimeout(done, TYPING_MS);
    },
    done,
    restore: () => {
      replace(before.current);
      typed.current = before.current;
      done();
    },
    begin: () => {
      before.current = value;
    },
    isDirty: () => draft !== before.current,
  };
}

const trimmed = (text: string): string => text.trim();

export interface DraftField {
  value: string;
  onChange: (event: { currentTarget: { value: string } }) => void;
  onFocus: () => void;
  onBlur: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

/** A text field's props: Enter is done, Escape takes back what was typed since the field got the focus. */
export function useDraft(value: string, commit: (value: string) => void, normal?: (text: string) => string, late = false): DraftField {
  const typed = useTyped(value, commit, normal, late);
  return {
    value: typed.value,
    onChange: (event) => typed.set(event.currentTarget.value),
    onFocus: typed.begin,
    onBlur: typed.done,
    onKeyDown: (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
        event.preventDefault();
        typed.done();
        typed.begin();
      } else if (event.key === "Escape" && typed.isDirty()) {
        event.stopPropagation();
        typed.restore();
      }
    },
  };
}

/** A list whose entries have a field first: one that was added takes the focus with it, its text selected. */
export function useAdded(count: number): { list: RefObject<HTMLUListElement | null>; adding: () => void } {
  const list = useRef<HTMLUListElement>(null);
  const awaited = useRef(0);
  useLayoutEffect(() => {
    if (awaited.current !== count) return;
    awaited.current = 0;
    list.current?.querySelector<HTMLInputElement>("li:last-child input")?.select();
  }, [count]);
  return { list, adding: () => {
    awaited.current = count + 1;
  } };
}

/** What a person typed as the document's value: numbers as numbers, references and the rest as text. */
export function asValue(text: string, kind: string): unknown {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  return kind === "number" && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

/** A value as a line of text. */
export function shown(value: unknown): string {
  return value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}
